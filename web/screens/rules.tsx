/** 异常规则: sentences that send an order to people, with a try against past orders before they count. */
import { Alert, App, Button, Card, Form, Input, InputNumber, Select, Switch } from 'antd';
import type { ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Input as RouteInput, Read, RouteOf } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { caseKindName } from '../ui/case-words.tsx';
import { Page } from '../ui/page.tsx';
import { EmptyState, ErrorPanel, Loaded } from '../ui/states.tsx';

type Rules = Read<'/api/console/rules'>;
type Body = NonNullable<RouteInput<RouteOf<'put', '/api/console/rules'>>['body']>;
type Condition = Body['rules'][number]['condition'];

interface Line {
  readonly name: string;
  readonly enabled: boolean;
  readonly words?: string[];
  readonly minAmount?: number | null;
  readonly minQuantity?: number | null;
  readonly skus?: string[];
  /** Paid orders of the same buyer within `hours`, this one included. */
  readonly orders?: number | null;
  readonly hours?: number | null;
  readonly caseKind: Body['rules'][number]['caseKind'];
  /** What this form does not show is kept. */
  readonly rest: Condition;
}

function lineOf(rule: Rules['rules'][number]): Line {
  const { remarkContains, minAmountMinor, minQuantity, skus, history, ...rest } = rule.condition;
  return {
    name: rule.name,
    enabled: rule.enabled,
    caseKind: rule.caseKind,
    words: remarkContains ?? [],
    minAmount: minAmountMinor === undefined ? null : minAmountMinor / 100,
    minQuantity: minQuantity ?? null,
    skus: skus ?? [],
    orders: history?.minOrders ?? null,
    hours: history?.hours ?? null,
    rest,
  };
}
function ruleOf(line: Line): Body['rules'][number] {
  return {
    name: line.name,
    enabled: line.enabled,
    caseKind: line.caseKind ?? null,
    condition: {
      ...line.rest,
      ...(line.words && line.words.length > 0 && { remarkContains: line.words }),
      ...(typeof line.minAmount === 'number' && { minAmountMinor: Math.round(line.minAmount * 100) }),
      ...(typeof line.minQuantity === 'number' && { minQuantity: line.minQuantity }),
      ...(line.skus && line.skus.length > 0 && { skus: line.skus }),
      ...(typeof line.orders === 'number' && { history: { minOrders: line.orders, hours: line.hours ?? 24 } }),
    },
  };
}

export function RulesScreen(): ReactNode {
  const t = useT();
  const rules = useRead('/api/console/rules');
  return (
    <Page
      title={t('异常规则', 'Exception rules')}
      why={t(
        '符合任一规则的订单不自动发货，直接转人工。',
        'An order that fits a rule goes to people instead of automation.',
      )}
    >
      <Loaded of={rules}>{(data) => <RulesForm rules={data} />}</Loaded>
    </Page>
  );
}

function RulesForm({ rules }: { readonly rules: Rules }): ReactNode {
  const t = useT();
  const may = useMay();
  const { message } = App.useApp();
  const [form] = Form.useForm<{ lines: Line[] }>();
  const save = useChange('put', '/api/console/rules');
  const products = useRead('/api/console/products', { query: { limit: 200 } }, { enabled: may('products.read') });
  const tryIt = useChange('post', '/api/console/rules/dry-run');
  const current = (): Body['rules'] => (form.getFieldsValue(true) as { lines: Line[] }).lines.map(ruleOf);
  const failed = save.error ?? tryIt.error;
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      disabled={!may('rules.edit')}
      initialValues={{ lines: rules.rules.map(lineOf) }}
      onFinish={() =>
        save.mutate(
          { body: { which: rules.which, rules: current() } },
          { onSuccess: () => void message.success(t('已保存，立即生效', 'Saved, in force now')) },
        )
      }
    >
      <Form.List name="lines">
        {(fields, { add, remove }) => (
          <div className="stack">
            {fields.length === 0 && (
              <EmptyState
                what={t('还没有规则', 'No rules yet')}
                why={t('例如：备注包含“需要发票”时转人工。', 'For example: a remark that asks for an invoice.')}
              />
            )}
            {fields.map(({ key, name }) => (
              <Card key={key} size="small">
                <div className="row">
                  <Form.Item
                    name={[name, 'name']}
                    label={t('规则名称', 'Name')}
                    rules={[{ required: true, message: t('请填写名称', 'Give it a name') }]}
                  >
                    <Input maxLength={80} />
                  </Form.Item>
                  <Form.Item name={[name, 'words']} label={t('当备注包含任一词', 'When the remark contains any of')}>
                    <Select
                      mode="tags"
                      open={false}
                      suffix={null}
                      style={{ minWidth: 220 }}
                      placeholder={t('输入后按回车', 'type, then Enter')}
                    />
                  </Form.Item>
                  <Form.Item name={[name, 'minAmount']} label={t('且金额不低于', 'and the amount is at least')}>
                    <InputNumber min={0} precision={2} />
                  </Form.Item>
                  <Form.Item name={[name, 'minQuantity']} label={t('且数量不少于', 'and the quantity is at least')}>
                    <InputNumber min={1} precision={0} />
                  </Form.Item>
                  <Form.Item name={[name, 'skus']} label={t('且商品是其中之一', 'and the product is one of')}>
                    <Select
                      mode="multiple"
                      style={{ minWidth: 220 }}
                      placeholder={t('全部商品', 'any product')}
                      showSearch={{ optionFilterProp: 'label' }}
                      options={(products.data?.items ?? []).map(({ sku, name: label }) => ({ value: sku, label }))}
                    />
                  </Form.Item>
                  <Form.Item
                    name={[name, 'orders']}
                    label={t('且同一买家的付款订单达到', 'and paid orders of the buyer reach')}
                  >
                    <InputNumber min={1} max={10_000} precision={0} />
                  </Form.Item>
                  <Form.Item name={[name, 'hours']} label={t('在多少小时内', 'within hours')}>
                    <InputNumber min={1} max={8760} precision={0} placeholder="24" />
                  </Form.Item>
                  <Form.Item name={[name, 'caseKind']} label={t('并开售后工单', 'and open a case')}>
                    <Select
                      allowClear
                      style={{ minWidth: 130 }}
                      placeholder={t('不开', 'none')}
                      options={(['invoice', 'bad_key', 'other'] as const).map((value) => ({ value, label: caseKindName(value, t) }))} // prettier-ignore
                    />
                  </Form.Item>
                  <Form.Item name={[name, 'enabled']} label={t('→ 转人工', '→ to people')} valuePropName="checked">
                    <Switch />
                  </Form.Item>
                  <Button danger onClick={() => remove(name)}>
                    {t('删除', 'Remove')}
                  </Button>
                </div>
              </Card>
            ))}
            <div className="row">
              <Button
                onClick={() => add({ name: '', enabled: true, words: [], caseKind: null, rest: {} } satisfies Line)}
              >
                {t('添加规则', 'Add a rule')}
              </Button>
              <Button
                loading={tryIt.isPending}
                onClick={() => tryIt.mutate({ body: { which: rules.which, rules: current(), days: 30, limit: 500 } })}
              >
                {t('用历史订单试运行', 'Try on past orders')}
              </Button>
              <Button type="primary" htmlType="submit" loading={save.isPending}>
                {t('保存', 'Save')}
              </Button>
            </div>
            {tryIt.data && (
              <Alert
                type="info"
                showIcon
                title={t(
                  `最近 ${tryIt.data.looked} 个订单中有 ${tryIt.data.fitted} 个会转人工`,
                  `Of the last ${tryIt.data.looked} orders ${tryIt.data.fitted} would go to people`,
                )}
                description={tryIt.data.byRule.map((r) => `${r.name}: ${r.count}`).join('；')}
              />
            )}
            {failed && <ErrorPanel error={failed} />}
          </div>
        )}
      </Form.List>
    </Form>
  );
}
