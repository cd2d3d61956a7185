/** Money that goes back: the dialogue that starts it, and what may be said of one that is stuck. */
import { Alert, Button, Form, Input, Radio, Tag } from 'antd';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { Dialogue, NoteItem } from './dialogue.tsx';
import { money, parseMoney, plainMoney } from './format.tsx';
import { refundColours, refundStateName, type Payment, type Refund } from './money-words.ts';

export function RefundTag({ refund }: { readonly refund: Pick<Refund, 'state'> }): ReactNode {
  const t = useT();
  return <Tag color={refundColours[refund.state]}>{refundStateName(refund.state, t)}</Tag>;
}

/** Starts a refund of what is left of a payment. Nothing, where nothing is left or the person may not. */
export function RefundButton({ payment }: { readonly payment: Payment }): ReactNode {
  const t = useT();
  const may = useMay();
  const [open, setOpen] = useState(false);
  if (!may('orders.refund') || payment.amountMinor <= payment.refundedMinor) return null;
  return (
    <>
      <Button size="small" danger onClick={() => setOpen(true)}>
        {t('退款', 'Refund')}
      </Button>
      {open && <RefundDialogue payment={payment} close={() => setOpen(false)} />}
    </>
  );
}

interface Fields {
  readonly amount: string;
  readonly reason: string;
}

function RefundDialogue({ payment, close }: { readonly payment: Payment; readonly close: () => void }): ReactNode {
  const t = useT();
  const { currency } = payment;
  const refund = useChange('post', '/api/console/payments/:id/refunds');
  const providers = useRead('/api/console/payment-providers');
  const earlier = useRead('/api/console/refunds', { query: { paymentId: payment.id } });
  const can = providers.data?.providers.find((p) => p.id === payment.provider)?.canRefund;
  const begun = (earlier.data?.refunds ?? [])
    .filter((r) => r.state !== 'failed')
    .reduce((n, r) => n + r.amountMinor, 0);
  const left = payment.amountMinor - Math.max(begun, payment.refundedMinor);
  if (!earlier.data) return null;
  // What is left may change while this is open: then the form begins anew with the right amount.
  return (
    <Dialogue<Fields>
      key={left}
      title={t('退款', 'Refund')}
      what={t(
        `付款 ${money(payment.amountMinor, currency)}，可退 ${money(left, currency)}。全额退款会结束未发货的订单；已发货的订单保持已发货，卡密不收回。`,
        `Paid ${money(payment.amountMinor, currency)}, ${money(left, currency)} can go back. A whole refund ends an order that was not delivered; what was delivered stays delivered.`,
      )}
      ok={t('确认退款', 'Refund')}
      danger
      done={t('已提交退款，完成后状态会更新', 'Begun: the state follows when it is done')}
      fresh={{ amount: plainMoney(left, currency) }}
      close={close}
      save={({ amount, reason }, requestId) => {
        const amountMinor = parseMoney(amount, currency);
        const whole = amountMinor === left;
        const body = { requestId, reason, ...(!whole && amountMinor !== undefined && { amountMinor }) };
        return refund.mutateAsync({ params: { id: payment.id }, body });
      }}
    >
      {can === 'no' && (
        <Alert
          type="warning"
          showIcon
          title={t(
            '该平台不支持接口退款：请线下退款，然后在“退款”中标记结果。',
            'This provider cannot refund: pay back by hand, then say so under Refunds.',
          )}
        />
      )}
      <Form.Item
        name="amount"
        label={t(`退款金额（${currency}）`, `Amount (${currency})`)}
        rules={[
          {
            validator: (_: unknown, value: string): Promise<void> => {
              const minor = parseMoney(value, currency);
              return minor !== undefined && minor > 0 && minor <= left
                ? Promise.resolve()
                : Promise.reject(
                    new Error(t(`请填写 0 到 ${money(left, currency)} 的金额`, `At most ${money(left, currency)}`)),
                  );
            },
          },
        ]}
      >
        <Input inputMode="decimal" />
      </Form.Item>
      <NoteItem name="reason" />
    </Dialogue>
  );
}

/** Of a refund that failed or is stuck: again under the same number, or how it ended at the provider. */
export function SettleButton({ refund }: { readonly refund: Refund }): ReactNode {
  const t = useT();
  const may = useMay();
  const [open, setOpen] = useState(false);
  const settle = useChange('post', '/api/console/refunds/:id/settle');
  if (!may('orders.refund') || (refund.state !== 'failed' && refund.state !== 'abnormal')) return null;
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        {t('处理', 'Settle')}
      </Button>
      {open && (
        <Dialogue<{ readonly how: 'again' | 'done_by_hand' | 'failed'; readonly note: string }>
          title={t(`处理退款 ${refund.no}`, `Settle refund ${refund.no}`)}
          what={t(
            '重试使用同一退款号，不会重复退款。',
            'Trying again uses the same number: nothing is paid back twice.',
          )}
          ok={t('确定', 'OK')}
          done={t('已处理', 'Settled')}
          fresh={{ how: 'again' }}
          close={() => setOpen(false)}
          save={(body) => settle.mutateAsync({ params: { id: refund.id }, body })}
        >
          <Form.Item name="how" label={t('怎样处理', 'How')}>
            <Radio.Group
              options={[
                { value: 'again', label: t('重试', 'Try again') },
                { value: 'done_by_hand', label: t('已在平台后台退款', 'Paid back by hand') },
                ...(refund.state === 'abnormal' ? [{ value: 'failed', label: t('没有退款', 'Nothing moved') }] : []),
              ]}
            />
          </Form.Item>
          <NoteItem />
        </Dialogue>
      )}
    </>
  );
}
