/** What a product does otherwise than the shop: its trigger, its retries, how its keys are used and what their parts are called. */
import { Form, InputNumber, Radio, Select, Switch } from 'antd';
import type { ReactNode } from 'react';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import type { Product } from './product.ts';

export interface DeliveryFields {
  readonly cardUse: Product['cardUse'];
  readonly partLabels: string[];
  readonly ownRetries: boolean;
  readonly retries: number;
  readonly minutes: number;
  readonly when: 'default' | 'paid' | 'confirmed';
}
type Delivery = Read<'/api/console/products/:sku/delivery'>;

export function deliveryFields(product: Product | undefined, delivery: Delivery | undefined): DeliveryFields {
  const { retries, intervalMs } = delivery?.policy ?? {};
  return {
    cardUse: product?.cardUse ?? 'single',
    partLabels: [...(product?.partLabels ?? [])],
    ownRetries: retries !== undefined || intervalMs !== undefined,
    retries: retries ?? 3,
    minutes: (intervalMs ?? 300_000) / 60_000,
    when: delivery?.trigger?.when ?? 'default',
  };
}

/** What of the fields is kept as policy and trigger; what this form does not show stays as it is. */
export function deliveryOf(f: DeliveryFields, old: Delivery | undefined): Delivery {
  const kinds = old?.policy.kinds;
  return {
    policy: {
      ...(kinds && { kinds }),
      ...(f.ownRetries && { retries: f.retries, intervalMs: Math.round(f.minutes * 60_000) }),
    },
    trigger: f.when === 'default' ? null : { when: f.when, confirmations: old?.trigger?.confirmations ?? 0 },
  };
}

export function DeliveryItems({ kind, own }: { readonly kind: Product['kind']; readonly own: boolean }): ReactNode {
  const t = useT();
  return (
    <>
      {kind === 'card' && (
        <Form.Item
          name="cardUse"
          label={t('卡密用法', 'How keys are used')}
          extra={t('有卡密后不能再改', 'Fixed once there are keys')}
        >
          <Radio.Group
            options={[
              { value: 'single', label: t('一次性：每个只卖一次', 'Once: each is sold once') },
              { value: 'loop', label: t('循环：同一卡密发给所有人', 'For everybody: one key, never used up') },
              { value: 'chosen', label: t('自选：买家挑选号码，可加价', 'Chosen: buyers pick a number') },
            ]}
          />
        </Form.Item>
      )}
      {(kind === 'card' || kind === 'supplier') && (
        <Form.Item
          name="partLabels"
          label={t('卡密各部分的名称（可选）', 'Names of the parts of a key (optional)')}
          extra={t('例如 账号、密码；买家看到时分行显示', 'Such as login and password; each is shown on a line')}
        >
          <Select mode="tags" open={false} suffix={null} maxCount={6} />
        </Form.Item>
      )}
      <Form.Item name="when" label={t('发货触发条件', 'When delivery begins')}>
        <Radio.Group
          options={[
            { value: 'default', label: t('按全局设置', 'As the shop') },
            { value: 'paid', label: t('支付成功后立即', 'At once when paid') },
            { value: 'confirmed', label: t('“已确认”后', 'When confirmed') },
          ]}
        />
      </Form.Item>
      <Form.Item
        name="promiseSeconds"
        label={t('承诺发货时间（秒）', 'Promised delivery (seconds)')}
        extra={t(
          '付款后超过此时间未发货即计为失败；上游采购、直充、人工发货的商品请按实际填写',
          'Later than this counts as a failure; say what is true of goods that are bought or made by hand',
        )}
      >
        <InputNumber min={10} max={604_800} precision={0} placeholder={t('默认 60', '60 by default')} />
      </Form.Item>
      <div className="row">
        <Form.Item name="ownRetries" label={t('单独设置失败重试', 'Retries of its own')} valuePropName="checked">
          <Switch />
        </Form.Item>
        <Form.Item name="retries" label={t('重试次数', 'Retries')} hidden={!own}>
          <InputNumber min={0} max={20} precision={0} />
        </Form.Item>
        <Form.Item name="minutes" label={t('间隔（分钟）', 'Interval (minutes)')} hidden={!own}>
          <InputNumber min={0.02} max={1440} />
        </Form.Item>
      </div>
    </>
  );
}
