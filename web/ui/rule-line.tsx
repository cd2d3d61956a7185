/** One rule as a sentence: when this and that holds, the order goes to people. Conditions are added one by one. */
import { Button, Card, Form, Input, InputNumber, Select, Switch } from 'antd';
import type { ReactNode } from 'react';
import type { Input as RouteInput, RouteOf } from '../api/routes.ts';
import { useT, type Translate } from '../i18n.tsx';
import { caseKindName } from './case-words.tsx';

export type Rule = NonNullable<RouteInput<RouteOf<'put', '/api/console/rules'>>['body']>['rules'][number];

const kinds = ['words', 'pattern', 'contacts', 'minAmount', 'maxAmount', 'minQuantity', 'skus', 'time', 'history'] as const; // prettier-ignore
type Kind = (typeof kinds)[number];

/** A rule as its form has it. Only the conditions in `kinds` count. */
export interface Line {
  readonly name: string;
  readonly enabled: boolean;
  readonly caseKind: Rule['caseKind'];
  readonly kinds: readonly Kind[];
  readonly words?: string[] | undefined;
  readonly pattern?: string | undefined;
  readonly contacts?: string[] | undefined;
  /** Main units. */
  readonly minAmount?: number | undefined;
  readonly maxAmount?: number | undefined;
  readonly minQuantity?: number | undefined;
  readonly skus?: string[] | undefined;
  /** Hours of the day, from 0 to 24. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Paid orders of the same buyer within `hours`, this one included. */
  readonly orders?: number | undefined;
  readonly hours?: number | undefined;
}

const main = (minor: number | undefined): number | undefined => (minor === undefined ? undefined : minor / 100);
const minor = (amount = 0): number => Math.round(amount * 100);

export function lineOf({ name, enabled = true, caseKind = null, condition: c }: Rule): Line {
  const given: Readonly<Record<Kind, unknown>> = {
    words: c.remarkContains,
    pattern: c.remarkMatches,
    contacts: c.contactContains,
    minAmount: c.minAmountMinor,
    maxAmount: c.maxAmountMinor,
    minQuantity: c.minQuantity,
    skus: c.skus,
    time: c.hours,
    history: c.history,
  };
  return {
    name,
    enabled,
    caseKind,
    kinds: kinds.filter((kind) => given[kind] !== undefined),
    words: c.remarkContains,
    pattern: c.remarkMatches,
    contacts: c.contactContains,
    minAmount: main(c.minAmountMinor),
    maxAmount: main(c.maxAmountMinor),
    minQuantity: c.minQuantity,
    skus: c.skus,
    from: c.hours?.from,
    to: c.hours?.to,
    orders: c.history?.minOrders,
    hours: c.history?.hours,
  };
}

export function ruleOf(line: Line): Rule {
  const has = (kind: Kind): boolean => line.kinds.includes(kind);
  return {
    name: line.name,
    enabled: line.enabled,
    caseKind: line.caseKind ?? null,
    condition: {
      ...(has('words') && { remarkContains: line.words }),
      ...(has('pattern') && { remarkMatches: line.pattern }),
      ...(has('contacts') && { contactContains: line.contacts }),
      ...(has('minAmount') && { minAmountMinor: minor(line.minAmount) }),
      ...(has('maxAmount') && { maxAmountMinor: minor(line.maxAmount) }),
      ...(has('minQuantity') && { minQuantity: line.minQuantity }),
      ...(has('skus') && { skus: line.skus }),
      ...(has('time') && { hours: { from: line.from ?? 0, to: line.to ?? 24 } }),
      ...(has('history') && { history: { minOrders: line.orders ?? 1, hours: line.hours ?? 24 } }),
    },
  };
}

/** The field that shows what the server says about a part of a condition. */
const fieldOf: Readonly<Record<string, keyof Line>> = {
  remarkMatches: 'pattern',
  maxAmountMinor: 'maxAmount',
  hours: 'to',
};
/** What is wrong with which field, of the detail of RULE_INVALID. */
export function problemsOf(detail: unknown, t: Translate): { name: (string | number)[]; errors: string[] }[] {
  if (!Array.isArray(detail)) return [];
  return (detail as { field: string; zh: string; en: string }[]).flatMap(({ field, zh, en }) => {
    const [, at, , key = ''] = field.split('.');
    const name = fieldOf[key];
    return name === undefined ? [] : [{ name: ['lines', Number(at), name], errors: [t(zh, en)] }];
  });
}

function kindName(kind: Kind, t: Translate): string {
  const names: Readonly<Record<Kind, string>> = {
    words: t('备注包含任一词', 'the remark contains any of'),
    pattern: t('备注匹配正则表达式', 'the remark matches the pattern'),
    contacts: t('联系方式包含任一词', 'the contact contains any of'),
    minAmount: t('金额不低于', 'the amount is at least'),
    maxAmount: t('金额不高于', 'the amount is at most'),
    minQuantity: t('数量不少于', 'the quantity is at least'),
    skus: t('商品是其中之一', 'the product is one of'),
    time: t('付款时间在', 'it is paid between'),
    history: t('同一买家的付款订单', 'paid orders of the buyer'),
  };
  return names[kind];
}

interface LineProps {
  /** Its place in the list `lines`. */
  readonly at: number;
  readonly products: readonly { readonly sku: string; readonly name: string }[];
  readonly remove: () => void;
}

export function RuleLine({ at, products, remove }: LineProps): ReactNode {
  const t = useT();
  const form = Form.useFormInstance();
  const shown = (Form.useWatch(['lines', at, 'kinds'], form) as readonly Kind[] | undefined) ?? [];
  const show = (next: readonly Kind[]): void => {
    form.setFieldValue(['lines', at, 'kinds'], next);
    void form.validateFields([['lines', at, 'kinds']]).catch(() => undefined);
  };
  return (
    <Card size="small" className="rule">
      <div className="row up">
        <Form.Item
          name={[at, 'name']}
          label={t('规则名称', 'Name')}
          rules={[{ required: true, whitespace: true, message: t('请填写名称', 'Give it a name') }]}
        >
          <Input maxLength={80} />
        </Form.Item>
        <Form.Item name={[at, 'caseKind']} label={t('并开售后工单', 'and open a case')}>
          <Select
            allowClear
            style={{ minWidth: 130 }}
            placeholder={t('不开', 'none')}
            options={(['invoice', 'bad_key', 'other'] as const).map((value) => ({ value, label: caseKindName(value, t) }))} // prettier-ignore
          />
        </Form.Item>
        <Form.Item name={[at, 'enabled']} label={t('→ 转人工', '→ to people')} valuePropName="checked">
          <Switch />
        </Form.Item>
      </div>
      <div className="stack">
        {shown.map((kind, i) => (
          <div key={kind} className="row up" data-condition={kind}>
            <span className="rule-words">
              {i === 0 ? t('当', 'When ') : t('且', 'and ')}
              {kindName(kind, t)}
            </span>
            <Condition kind={kind} at={at} products={products} />
            <Button
              type="text"
              aria-label={t(`去掉条件：${kindName(kind, t)}`, `Remove the condition: ${kindName(kind, t)}`)}
              onClick={() => show(shown.filter((other) => other !== kind))}
            >
              ×
            </Button>
          </div>
        ))}
      </div>
      <div className="row">
        <Form.Item
          name={[at, 'kinds']}
          noStyle
          rules={[
            { type: 'array', required: true, min: 1, message: t('请至少添加一个条件', 'Add a condition at least') },
          ]}
        >
          <Added />
        </Form.Item>
        {shown.length < kinds.length && (
          <Select<Kind | null>
            aria-label={t('添加条件', 'Add a condition')}
            style={{ minWidth: 220 }}
            value={null}
            placeholder={t('+ 添加条件', '+ Add a condition')}
            options={kinds.filter((kind) => !shown.includes(kind)).map((value) => ({ value, label: kindName(value, t) }))} // prettier-ignore
            onChange={(kind) => kind && show([...shown, kind])}
          />
        )}
        <Button danger onClick={remove}>
          {t('删除规则', 'Remove the rule')}
        </Button>
        <Form.Item shouldUpdate noStyle>
          {() => <span className="error-text">{form.getFieldError(['lines', at, 'kinds'])[0]}</span>}
        </Form.Item>
      </div>
    </Card>
  );
}

/** The conditions themselves are the field: nothing more is shown for it. */
function Added(): ReactNode {
  return null;
}

/** Refused by the linear-time engine of the server, and what people try most. The server judges the rest. */
const beyondRe2 = /\(\?<?[=!]|\\[1-9]/;

function Condition({ kind, at, products }: { kind: Kind } & Pick<LineProps, 'at' | 'products'>): ReactNode {
  const t = useT();
  const label = kindName(kind, t);
  const needed = { required: true, message: t('请填写', 'Fill this in') };
  const hours = Array.from({ length: 25 }, (_, hour) => ({
    value: hour,
    label: `${String(hour).padStart(2, '0')}:00`,
  }));
  const byLabel = { optionFilterProp: 'label' };
  const tags = (name: 'words' | 'contacts'): ReactNode => (
    <Form.Item name={[at, name]} rules={[needed]}>
      <Select
        mode="tags"
        aria-label={label}
        open={false}
        suffix={null}
        style={{ minWidth: 220 }}
        placeholder={t('输入后按回车', 'type, then Enter')}
      />
    </Form.Item>
  );
  switch (kind) {
    case 'words':
    case 'contacts':
      return tags(kind);
    case 'pattern':
      return (
        <Form.Item
          name={[at, 'pattern']}
          rules={[
            needed,
            {
              validator: (_, value: string | undefined) =>
                value && beyondRe2.test(value)
                  ? Promise.reject(new Error(t('不支持环视和反向引用', 'No look-around and no back references')))
                  : Promise.resolve(),
            },
          ]}
        >
          <Input
            aria-label={label}
            className="mono"
            maxLength={300}
            placeholder="(发票|收据).*抬头"
            spellCheck={false}
          />
        </Form.Item>
      );
    case 'minAmount':
      return (
        <Form.Item name={[at, 'minAmount']} rules={[needed]}>
          <InputNumber aria-label={label} min={0} precision={2} />
        </Form.Item>
      );
    case 'maxAmount':
      return (
        <Form.Item
          name={[at, 'maxAmount']}
          dependencies={[
            ['lines', at, 'minAmount'],
            ['lines', at, 'kinds'],
          ]}
          rules={[
            needed,
            ({ getFieldValue }) => ({
              validator: (_, value: number | null) => {
                const { kinds: on, minAmount } = getFieldValue(['lines', at]) as Line;
                return on.includes('minAmount') && typeof value === 'number' && value < (minAmount ?? 0)
                  ? Promise.reject(
                      new Error(t('低于最低金额，不会有订单符合', 'Below the least amount: no order fits')),
                    )
                  : Promise.resolve();
              },
            }),
          ]}
        >
          <InputNumber aria-label={label} min={0} precision={2} />
        </Form.Item>
      );
    case 'minQuantity':
      return (
        <Form.Item name={[at, 'minQuantity']} rules={[needed]}>
          <InputNumber aria-label={label} min={1} max={1000} precision={0} />
        </Form.Item>
      );
    case 'skus':
      return (
        <Form.Item name={[at, 'skus']} rules={[needed]}>
          <Select
            mode="multiple"
            aria-label={label}
            style={{ minWidth: 220 }}
            placeholder={t('选择商品', 'choose products')}
            showSearch={byLabel}
            options={products.map(({ sku, name }) => ({ value: sku, label: name }))}
          />
        </Form.Item>
      );
    case 'time':
      return (
        <>
          <Form.Item name={[at, 'from']} rules={[needed]}>
            <Select
              aria-label={t('从几点', 'from')}
              showSearch={byLabel}
              style={{ width: 100 }}
              options={hours.slice(0, 24)}
            />
          </Form.Item>
          <span>{t('到', 'and')}</span>
          <Form.Item
            name={[at, 'to']}
            dependencies={[['lines', at, 'from']]}
            extra={t('可跨零点，按店铺时区', "over midnight too, in the shop's time zone")}
            rules={[
              needed,
              ({ getFieldValue }) => ({
                validator: (_, value: number | undefined) =>
                  value !== undefined && value === getFieldValue(['lines', at, 'from'])
                    ? Promise.reject(new Error(t('起止时间不能相同', 'The two hours must differ')))
                    : Promise.resolve(),
              }),
            ]}
          >
            <Select aria-label={t('到几点', 'until')} showSearch={byLabel} style={{ width: 100 }} options={hours} />
          </Form.Item>
        </>
      );
    case 'history':
      return (
        <>
          <span>{t('在', 'within')}</span>
          <Form.Item name={[at, 'hours']} rules={[needed]}>
            <InputNumber aria-label={t('小时', 'hours')} min={1} max={8760} precision={0} />
          </Form.Item>
          <span>{t('小时内达到', 'hours reach')}</span>
          <Form.Item name={[at, 'orders']} rules={[needed]}>
            <InputNumber aria-label={t('订单数', 'orders')} min={1} max={10_000} precision={0} />
          </Form.Item>
          <span>{t('个', '')}</span>
        </>
      );
  }
}
