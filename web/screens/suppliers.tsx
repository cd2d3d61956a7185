/** 供应商: connection forms from the adapters, health as it was measured, a test call. */
import { App, Button, Drawer, Form, Input, InputNumber, Segmented, Select, Switch, Tag } from 'antd';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n, useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { duration, money, Time } from '../ui/format.tsx';
import { Page } from '../ui/page.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { filled, SchemaFields } from '../ui/schema-form.tsx';
import { EmptyState, ErrorPanel, useErrorText } from '../ui/states.tsx';

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
  const [editing, setEditing] = useState<Supplier | 'new'>();
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
          <Button type="primary" onClick={() => setEditing('new')}>
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
            render: (row) => (row.balanceMinor === null ? '—' : money(row.balanceMinor, row.currency)),
          },
          { title: t('调用（1 小时）', 'Calls (1 h)'), align: 'right', render: (row) => row.health.calls },
          { title: t('异常', 'Troubles'), align: 'right', render: (row) => row.health.troubles },
          {
            title: t('中位 / P99', 'Median / P99'),
            deskOnly: true,
            render: (row) => `${duration(row.health.p50Ms, language)} / ${duration(row.health.p99Ms, language)}`,
          },
          { title: t('最近异常', 'Last trouble'), deskOnly: true, render: (row) => (<>{row.health.lastTrouble} <Time at={row.health.lastTroubleAt} /></>) }, // prettier-ignore
          {
            title: t('操作', 'Actions'),
            render: (row) =>
              may('suppliers.configure') && (
                <span className="row">
                  <Button size="small" onClick={() => tryIt(row.id)}>
                    {t('测试连接', 'Test')}
                  </Button>
                  <Button size="small" onClick={() => setEditing(row)}>
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
      {editing !== undefined && kinds.data && (
        <Drawer
          open
          size={560}
          title={editing === 'new' ? t('添加供应商', 'Add a supplier') : editing.name}
          onClose={() => setEditing(undefined)}
          destroyOnHidden
        >
          <SupplierForm
            supplier={editing === 'new' ? undefined : editing}
            kinds={kinds.data.kinds}
            done={() => setEditing(undefined)}
          />
        </Drawer>
      )}
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
  readonly config?: Record<string, string | undefined>;
}

function SupplierForm(props: {
  readonly supplier: Supplier | undefined;
  readonly kinds: Read<'/api/console/supplier-kinds'>['kinds'];
  readonly done: () => void;
}): ReactNode {
  const { t, language } = useI18n();
  const { supplier, kinds } = props;
  const [form] = Form.useForm<Fields>();
  const watched = Form.useWatch([], form) as Partial<Fields> | undefined;
  const kind = watched?.kind ?? supplier?.kind ?? kinds[0]?.kind ?? '';
  const create = useChange('post', '/api/console/suppliers');
  const update = useChange('put', '/api/console/suppliers/:id');
  const save = ({ kind: chosen, mode, config, ...rest }: Fields): void => {
    const body = { ...rest, config: filled(config), lowBalanceMinor: supplier?.lowBalanceMinor ?? null };
    if (supplier) update.mutate({ params: { id: supplier.id }, body }, { onSuccess: props.done });
    else create.mutate({ body: { ...body, kind: chosen, mode } }, { onSuccess: props.done });
  };
  const error = create.error ?? update.error;
  return (
    <Form<Fields>
      form={form}
      layout="vertical"
      requiredMark={false}
      onFinish={save}
      initialValues={supplier ?? { kind, mode: 'live', enabled: true, maxParallel: 4 }}
    >
      <Form.Item name="kind" label={t('类型', 'Kind')} hidden={supplier !== undefined}>
        <Select options={kinds.map((k) => ({ value: k.kind, label: language === 'en' ? k.name.en : k.name.zh }))} />
      </Form.Item>
      <Form.Item name="mode" label={t('模式', 'Mode')} hidden={supplier !== undefined}>
        <Segmented
          options={[
            { value: 'live', label: t('正式', 'Live') },
            { value: 'test', label: t('测试', 'Test') },
          ]}
        />
      </Form.Item>
      <Form.Item
        name="name"
        label={t('名称', 'Name')}
        rules={[{ required: true, message: t('请填写名称', 'Give it a name') }]}
      >
        <Input maxLength={80} />
      </Form.Item>
      <SchemaFields fields={kinds.find((k) => k.kind === kind)?.fields ?? []} kept={supplier?.config ?? {}} />
      <Form.Item name="maxParallel" label={t('同时采购数', 'Purchases at once')}>
        <InputNumber min={1} max={50} precision={0} />
      </Form.Item>
      <Form.Item name="enabled" label={t('启用', 'On')} valuePropName="checked">
        <Switch />
      </Form.Item>
      {error && <ErrorPanel error={error} />}
      <Button type="primary" htmlType="submit" loading={create.isPending || update.isPending}>
        {t('保存', 'Save')}
      </Button>
    </Form>
  );
}
