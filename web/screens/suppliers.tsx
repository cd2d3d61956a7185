/** 供应商: connection forms from the adapters, health as it was measured, a test call. */
import { App, Button, Form, Input, InputNumber, Select, Tag } from 'antd';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n, useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { EditDrawer, useEditor, type Editor } from '../ui/edit-drawer.tsx';
import { duration, money, parseMoney, Time } from '../ui/format.tsx';
import { EnabledItem, KindItem, ModeItem, NameItem } from '../ui/items.tsx';
import { Page } from '../ui/page.tsx';
import { evidenceText } from '../ui/purchase-words.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { filled, SchemaFields } from '../ui/schema-form.tsx';
import { EmptyState, useErrorText } from '../ui/states.tsx';

type Data = Read<'/api/console/suppliers'>;
type Supplier = Data['suppliers'][number];

export function SuppliersScreen(): ReactNode {
  const { t, language } = useI18n();
  const may = useMay();
  const { message } = App.useApp();
  const errorText = useErrorText();
  const suppliers = useRead('/api/console/suppliers');
  const kinds = useRead('/api/console/supplier-kinds');
  const check = useChange('post', '/api/console/suppliers/:id/check');
  const resume = useChange('post', '/api/console/suppliers/:id/resume');
  const editor = useEditor<Supplier>();
  const tryIt = (id: number): void => {
    check.mutate(
      { params: { id } },
      {
        onSuccess: (d) =>
          void message.success(
            t(
              `连接正常，余额 ${money(d.balanceMinor, d.currency)}，${d.ms} ms`,
              `It answers: balance ${money(d.balanceMinor, d.currency)}, ${d.ms} ms`,
            ),
          ),
        onError: (error) => void message.error(`${errorText(error).cause}。${errorText(error).next}`),
      },
    );
  };
  return (
    <Page
      title={t('供应商', 'Suppliers')}
      why={t('自有卡密池不足时，从上游自动采购。', 'Where goods are bought when the own pool has none.')}
      actions={
        may('suppliers.configure') && (
          <Button type="primary" onClick={editor.add}>
            {t('添加供应商', 'Add a supplier')}
          </Button>
        )
      }
    >
      <ResourceTable<Data, Supplier>
        of={suppliers}
        label={t('供应商', 'Suppliers')}
        rows={(data) => data.suppliers}
        rowKey={(row) => row.id}
        empty={
          <EmptyState
            what={t('还没有供应商', 'No suppliers yet')}
            why={t('没有供应商也能用自己的卡密池发货。', 'The own pool works without any.')}
          />
        }
        columns={[
          { title: t('名称', 'Name'), render: (row) => (<>{row.name} {row.mode === 'test' && <Tag color="orange">{t('测试', 'Test')}</Tag>}</>) }, // prettier-ignore
          { title: t('状态', 'State'), render: (row) => <Health supplier={row} /> },
          {
            title: t('余额', 'Balance'),
            align: 'right',
            render: (row) => {
              if (row.balanceMinor === null) return '—';
              const low = row.lowBalanceMinor !== null && row.balanceMinor < row.lowBalanceMinor;
              return <Tag color={low ? 'red' : 'default'}>{money(row.balanceMinor, row.currency)}</Tag>;
            },
          },
          {
            title: t('未结束的采购', 'Open purchases'),
            align: 'right',
            render: (row) =>
              row.health.open === 0 ? 0 : <Link to="/purchases" search={{ state: 'open', supplier: String(row.id) }}>{row.health.open}</Link>, // prettier-ignore
          },
          { title: t('调用（1 小时）', 'Calls (1 h)'), align: 'right', render: (row) => row.health.calls },
          { title: t('异常', 'Troubles'), align: 'right', render: (row) => row.health.troubles },
          {
            title: t('中位 / P99', 'Median / P99'),
            deskOnly: true,
            render: (row) => `${duration(row.health.p50Ms, language)} / ${duration(row.health.p99Ms, language)}`,
          },
          { title: t('最近异常', 'Last trouble'), deskOnly: true, render: (row) => (<>{evidenceText(row.health.lastTrouble, t)} <Time at={row.health.lastTroubleAt} /></>) }, // prettier-ignore
          {
            title: t('操作', 'Actions'),
            render: (row) =>
              may('suppliers.configure') && (
                <span className="row">
                  <Button size="small" onClick={() => tryIt(row.id)}>
                    {t('测试连接', 'Test')}
                  </Button>
                  <Button size="small" onClick={() => editor.edit(row)}>
                    {t('编辑', 'Edit')}
                  </Button>
                  {row.health.state === 'sick' && (
                    <Button size="small" onClick={() => resume.mutate({ params: { id: row.id } })}>
                      {t('立即恢复', 'Resume')}
                    </Button>
                  )}
                </span>
              ),
          },
        ]}
      />
      {kinds.data && <SupplierDrawer editor={editor} kinds={kinds.data.kinds} />}
    </Page>
  );
}

function Health({ supplier }: { readonly supplier: Supplier }): ReactNode {
  const t = useT();
  const { state, until } = supplier.health;
  if (state === 'off') return <Tag>{t('已停用', 'Off')}</Tag>;
  if (state === 'well') return <Tag color="green">{t('正常', 'Well')}</Tag>;
  return (
    <Tag color="red">
      {t('已绕过，至', 'Bypassed until')} <Time at={until} />
    </Tag>
  );
}

interface Fields {
  readonly kind: string;
  readonly mode: 'live' | 'test';
  readonly name: string;
  readonly enabled: boolean;
  readonly maxParallel: number;
  readonly currency: string;
  readonly lowBalance?: string | null;
  readonly config?: Record<string, string | undefined>;
}

function SupplierDrawer(props: {
  readonly editor: Editor<Supplier>;
  readonly kinds: Read<'/api/console/supplier-kinds'>['kinds'];
}): ReactNode {
  const t = useT();
  const { editor, kinds } = props;
  const create = useChange('post', '/api/console/suppliers');
  const update = useChange('put', '/api/console/suppliers/:id');
  return (
    <EditDrawer<Supplier, Fields>
      of={editor}
      add={t('添加供应商', 'Add a supplier')}
      fresh={{ kind: kinds[0]?.kind ?? '', mode: 'live', enabled: true, maxParallel: 4, currency: 'CNY' }}
      from={(s) => ({ ...s, lowBalance: s.lowBalanceMinor === null ? null : (s.lowBalanceMinor / 100).toFixed(2) })}
      save={({ kind, mode, currency, config, name, enabled, maxParallel, lowBalance }, supplier) => {
        const lowBalanceMinor = lowBalance ? (parseMoney(lowBalance, currency) ?? null) : null;
        const body = { name, enabled, maxParallel, lowBalanceMinor, config: filled(config) };
        return supplier
          ? update.mutateAsync({ params: { id: supplier.id }, body })
          : create.mutateAsync({ body: { ...body, kind, mode, currency } });
      }}
    >
      {({ thing, fields }) => (
        <>
          <KindItem
            name="kind"
            label={t('类型', 'Kind')}
            kinds={kinds.map(({ kind, name }) => ({ value: kind, name }))}
            fixed={thing !== undefined}
          />
          <ModeItem fixed={thing !== undefined} />
          <NameItem />
          <SchemaFields fields={kinds.find((k) => k.kind === fields.kind)?.fields ?? []} kept={thing?.config ?? {}} />
          <Form.Item name="maxParallel" label={t('同时采购数', 'Purchases at once')}>
            <InputNumber min={1} max={50} precision={0} />
          </Form.Item>
          <Form.Item name="currency" label={t('结算币种', 'It bills in')} hidden={thing !== undefined}>
            <Select
              style={{ width: 120 }}
              options={(kinds.find((k) => k.kind === fields.kind)?.currencies ?? ['CNY', 'USD', 'EUR', 'HKD']).map((value) => ({ value }))} // prettier-ignore
            />
          </Form.Item>
          <Form.Item
            name="lowBalance"
            label={t('余额预警', 'Warn below this balance')}
            extra={t('低于此数时通知客服', 'People are told once it is lower')}
            rules={[{ pattern: /^\d{1,9}(\.\d{1,2})?$/, message: t('请输入金额，例如 100', 'An amount, like 100') }]}
          >
            <Input inputMode="decimal" style={{ width: 140 }} placeholder={t('不预警', 'off')} />
          </Form.Item>
          <EnabledItem />
        </>
      )}
    </EditDrawer>
  );
}
