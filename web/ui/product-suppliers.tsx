/** Suppliers of a product in their order, and the place of the own pool among them. */
import { App, Button, Card, Form, Input, InputNumber, Segmented, Select, Switch } from 'antd';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { money } from './format.tsx';
import type { Product } from './product.ts';
import { EmptyState, ErrorPanel, Loaded } from './states.tsx';

type Sources = Read<'/api/console/products/:sku/sources'>;
type Suppliers = Read<'/api/console/suppliers'>['suppliers'];
interface Line {
  readonly supplierId?: number;
  readonly supplierSku?: string;
  readonly ceiling?: number | null;
  readonly pattern?: string | null;
  readonly enabled: boolean;
  readonly options?: Readonly<Record<string, string>>;
}
interface Fields {
  readonly poolUse: Sources['poolUse'];
  readonly lines: Line[];
}

export function SourcesForm({ product }: { readonly product: Product }): ReactNode {
  const may = useMay();
  const sources = useRead('/api/console/products/:sku/sources', { params: { sku: product.sku } });
  const suppliers = useRead('/api/console/suppliers');
  if (!may('suppliers.read')) return null;
  return (
    <Loaded of={sources}>
      {(data) => <Lines product={product} sources={data} suppliers={suppliers.data?.suppliers ?? []} />}
    </Loaded>
  );
}

function Lines(props: { readonly product: Product; readonly sources: Sources; readonly suppliers: Suppliers }): ReactNode {
  const { product, sources, suppliers } = props;
  const t = useT();
  const may = useMay();
  const { message } = App.useApp();
  const [form] = Form.useForm<Fields>();
  const save = useChange('put', '/api/console/products/:sku/sources');
  const topUp = product.kind === 'topup';
  const submit = ({ poolUse, lines }: Fields): void => {
    const body = {
      poolUse: topUp ? ('never' as const) : poolUse,
      sources: lines.map((line) => ({
        supplierId: line.supplierId ?? 0,
        supplierSku: line.supplierSku ?? '',
        options: line.options ?? {},
        unitCeilingMinor: typeof line.ceiling === 'number' ? Math.round(line.ceiling * 100) : null,
        pattern: line.pattern ? line.pattern : null,
        enabled: line.enabled,
      })),
    };
    save.mutate({ params: { sku: product.sku }, body }, { onSuccess: () => void message.success(t('已保存，立即生效', 'Saved, in force now')) });
  };
  return (
    <Card size="small" title={topUp ? t('充值渠道（按顺序）', 'Who tops up, in order') : t('货源顺序', 'Sources, in order')}>
      <Form<Fields>
        form={form}
        layout="vertical"
        requiredMark={false}
        disabled={!may('suppliers.configure')}
        onFinish={submit}
        initialValues={{
          poolUse: sources.poolUse,
          lines: sources.sources.map((s) => ({ ...s, ceiling: s.unitCeilingMinor === null ? null : s.unitCeilingMinor / 100 })),
        }}
      >
        {!topUp && (
          <Form.Item name="poolUse" label={t('自有卡密池', 'The own pool')}>
            <Segmented
              options={[
                { value: 'first', label: t('先用自己的', 'First') },
                { value: 'last', label: t('供应商没有时才用', 'After the suppliers') },
                { value: 'never', label: t('不用', 'Never') },
              ]}
            />
          </Form.Item>
        )}
        <Form.List name="lines">
          {(fields, { add, remove, move }) => (
            <div className="stack">
              {fields.length === 0 && (
                <EmptyState
                  what={t('没有供应商', 'No suppliers')}
                  why={topUp ? t('没有供应商时，充值订单会等人工处理。', 'Without one, top-ups wait for people.') : t('只从自己的卡密池发货。', 'Only the own pool is used.')}
                  action={suppliers.length === 0 && <Link to="/suppliers">{t('先添加供应商', 'Add a supplier first')}</Link>}
                />
              )}
              {fields.map(({ key, name }, i) => (
                <Card key={key} size="small" title={t(`第 ${i + 1} 顺位`, `No. ${i + 1}`)} extra={
                  <span className="row">
                    <Button size="small" aria-label={t('上移', 'Up')} disabled={i === 0} onClick={() => move(i, i - 1)}>↑</Button>
                    <Button size="small" aria-label={t('下移', 'Down')} disabled={i === fields.length - 1} onClick={() => move(i, i + 1)}>↓</Button>
                    <Button size="small" danger onClick={() => remove(name)}>{t('删除', 'Remove')}</Button>
                  </span>
                }>
                  <SourceFields name={name} suppliers={suppliers} topUp={topUp} form={form} />
                </Card>
              ))}
              <Button onClick={() => add({ enabled: true, supplierId: suppliers[0]?.id } satisfies Line | { supplierId: number | undefined })}>
                {t('添加货源', 'Add a source')}
              </Button>
            </div>
          )}
        </Form.List>
        {save.error && <ErrorPanel error={save.error} />}
        <Button type="primary" htmlType="submit" loading={save.isPending} style={{ marginTop: 16 }}>
          {t('保存', 'Save')}
        </Button>
      </Form>
    </Card>
  );
} // prettier-ignore

function SourceFields(props: { readonly name: number; readonly suppliers: Suppliers; readonly topUp: boolean; readonly form: ReturnType<typeof Form.useForm<Fields>>[0] }): ReactNode {
  const { name, suppliers, topUp, form } = props;
  const t = useT();
  const [search, setSearch] = useState('');
  const watched = Form.useWatch([], form) as Partial<Fields> | undefined;
  const supplierId = watched?.lines?.[name]?.supplierId;
  const catalogue = useRead(
    '/api/console/suppliers/:id/catalogue',
    { params: { id: supplierId ?? 0 }, query: { q: search, limit: 20 } },
    { enabled: supplierId !== undefined && search.length > 0 },
  );
  const currency = suppliers.find((s) => s.id === supplierId)?.currency ?? 'CNY';
  return (
    <>
      <div className="row up">
        <Form.Item name={[name, 'supplierId']} label={t('供应商', 'Supplier')} rules={[{ required: true, message: t('请选择', 'Choose one') }]}>
          <Select style={{ minWidth: 180 }} options={suppliers.map((s) => ({ value: s.id, label: s.mode === 'test' ? t(`${s.name}（测试）`, `${s.name} (test)`) : s.name }))} />
        </Form.Item>
        <Form.Item name={[name, 'supplierSku']} label={t('上游商品编码', 'Its product code')} rules={[{ required: true, whitespace: true, message: t('请填写', 'Fill this in') }]} extra={t('输入文字可搜索上游目录', 'Type to search its catalogue')}>
          <Select
            style={{ minWidth: 220 }}
            showSearch={{ filterOption: false, onSearch: setSearch, searchValue: search }}
            onSelect={() => setSearch('')}
            notFoundContent={search === '' ? null : t('目录中没有；按回车使用输入的编码', 'Not in the catalogue')}
            options={[
              ...(catalogue.data?.items ?? []).map((item) => ({ value: item.sku, label: `${item.name} · ${item.sku}${item.costMinor === null ? '' : ` · ${money(item.costMinor, currency)}`}` })),
              ...(search !== '' ? [{ value: search, label: t(`使用编码 ${search}`, `Use ${search}`) }] : []),
            ]}
          />
        </Form.Item>
      </div>
      <div className="row">
        <Form.Item name={[name, 'ceiling']} label={t(`单价上限（${currency}）`, `Highest price per piece (${currency})`)}>
          <InputNumber min={0.01} precision={2} placeholder={t('不限', 'no limit')} />
        </Form.Item>
        {!topUp && (
          <Form.Item name={[name, 'pattern']} label={t('卡密格式（正则）', 'Shape of a key')}>
            <Input className="mono" maxLength={300} placeholder={t('不检查', 'any')} spellCheck={false} />
          </Form.Item>
        )}
        <Form.Item name={[name, 'enabled']} label={t('启用', 'On')} valuePropName="checked">
          <Switch />
        </Form.Item>
      </div>
    </>
  );
} // prettier-ignore
