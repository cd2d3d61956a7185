/** The words and colours of an order's state; the mark of a test. */
import { Tag } from 'antd';
import type { ReactNode } from 'react';
import type { Read } from '../api/routes.ts';
import { useI18n, useT, type Translate } from '../i18n.tsx';

export type OrderLine = Read<'/api/console/orders'>['orders'][number];
export type OrderState = OrderLine['state'];
export type Reason = NonNullable<OrderLine['reason']>;

const colours: Record<OrderState, string> = {
  unpaid: 'default',
  expired: 'default',
  paid: 'processing',
  waiting_confirmation: 'gold',
  waiting_stock: 'orange',
  attention: 'red',
  delivered: 'green',
  refunded: 'purple',
  closed: 'default',
};

export function stateName(state: OrderState, t: Translate): string {
  const names: Record<OrderState, string> = {
    unpaid: t('待支付', 'Unpaid'),
    expired: t('已过期', 'Expired'),
    paid: t('发货中', 'Delivering'),
    waiting_confirmation: t('等待确认', 'Awaiting confirmation'),
    waiting_stock: t('等待补货', 'Waiting for stock'),
    attention: t('需人工处理', 'Needs a person'),
    delivered: t('已发货', 'Delivered'),
    refunded: t('已退款', 'Refunded'),
    closed: t('已关闭', 'Closed'),
  };
  return names[state];
}
export const orderStateNames = Object.keys(colours) as OrderState[];

export function StateTag({ state }: { readonly state: OrderState }): ReactNode {
  const t = useT();
  return <Tag color={colours[state]}>{stateName(state, t)}</Tag>;
}
export function TestTag({ mode }: { readonly mode: 'live' | 'test' | null }): ReactNode {
  const t = useT();
  return mode === 'test' ? <Tag color="orange">{t('测试', 'Test')}</Tag> : null;
}
/** Why, in words. */
export function ReasonText({
  reason,
  next = false,
}: {
  readonly reason: Reason | null;
  readonly next?: boolean;
}): ReactNode {
  const { language } = useI18n();
  if (!reason) return null;
  const words = language === 'en' ? reason.en : reason.zh;
  return (
    <span>
      {words.cause}
      {next && <span className="mute"> — {words.next}</span>}
    </span>
  );
}
