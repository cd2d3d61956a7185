/** The money of one order: what came, what goes back, what was notified. */
import { Button, Card, Descriptions, Tag } from 'antd';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { money, Time } from './format.tsx';
import { answerName, decisionName, isUnderWay, refundCodeName, sourceName, standingColour, standingName, verdictName } from './money-words.ts'; // prettier-ignore
import { RefundButton, RefundTag, SettleButton } from './refund.tsx';
import { EmptyState, ErrorPanel, useErrorText } from './states.tsx';

type Notes = Read<'/api/console/orders/:no'>['notifications'];

export function OrderMoney({ no, notifications }: { readonly no: string; readonly notifications: Notes }): ReactNode {
  const t = useT();
  const may = useMay();
  const enabled = may('payments.read');
  const payments = useRead('/api/console/payments', { query: { orderNo: no } }, { enabled });
  const refunds = useRead(
    '/api/console/refunds',
    { query: { orderNo: no } },
    { enabled, whilst: (data) => data.refunds.some(isUnderWay) },
  );
  if (!enabled) return null;
  const came = payments.data?.payments ?? [];
  return (
    <Card title={t('收款与回调', 'Payments and notifications')} size="small" extra={<AskButton no={no} />}>
      {payments.error && <ErrorPanel error={payments.error} />}
      {came.length === 0 && notifications.length === 0 && (
        <EmptyState what={t('还没有收到付款通知', 'No notification has come')} />
      )}
      {came.map((payment) => (
        <Descriptions
          key={payment.id}
          size="small"
          column={1}
          items={[
            {
              key: 'amount',
              label: payment.account,
              children: (
                <span className="row">
                  {money(payment.amountMinor, payment.currency)}
                  <Tag color={standingColour(payment.standing)}>{standingName(payment.standing, t)}</Tag>
                  {payment.disputedAt !== null && <Tag color="red">{t('买家拒付', 'Disputed')}</Tag>}
                  <RefundButton payment={payment} />
                </span>
              ),
            },
            {
              key: 'trade',
              label: t('交易号', 'Trade number'),
              children: <span className="mono">{payment.tradeNo}</span>,
            },
            { key: 'at', label: t('收到', 'Received'), children: <Time at={payment.receivedAt} full /> },
          ]}
        />
      ))}
      {(refunds.data?.refunds ?? []).map((refund) => (
        <div key={refund.id} className="row small">
          <Time at={refund.createdAt} full />
          <span>{t('退款', 'Refund')}</span>
          <b>{money(refund.amountMinor, refund.currency)}</b>
          <RefundTag refund={refund} />
          <span className="mute">{refundCodeName(refund.code, t)}</span>
          <SettleButton refund={refund} />
        </div>
      ))}
      {notifications.map((note) => (
        <div key={note.id} className="row small">
          <Time at={note.receivedAt} full />
          <Tag>{sourceName(note.source, t)}</Tag>
          <Tag color={note.verdict === 'accepted' ? 'green' : 'red'}>{verdictName(note.verdict, t)}</Tag>
          <Link to="/notifications" search={{ orderNo: no, id: String(note.id) }}>
            {decisionName(note.decision, t)}
          </Link>
        </div>
      ))}
    </Card>
  );
}

/** 查询支付平台: what it says about the order now. */
function AskButton({ no }: { readonly no: string }): ReactNode {
  const t = useT();
  const may = useMay();
  const errorText = useErrorText();
  const ask = useChange('post', '/api/console/orders/:no/ask-provider');
  if (!may('orders.act')) return null;
  return (
    <span className="row">
      {ask.data && <span className="mute small">{answerName(ask.data.answer, t)}</span>}
      {ask.error && <span className="mute small">{errorText(ask.error).cause}</span>}
      <Button size="small" loading={ask.isPending} onClick={() => ask.mutate({ params: { no } })}>
        {t('查询支付平台', 'Ask the provider')}
      </Button>
    </span>
  );
}
