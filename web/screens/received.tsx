/** 付款记录: every payment that came, whose it is, what people must decide; and the daily match with the providers' books. */
import { Button, Form, Input, Segmented, Select, Switch, Tag } from 'antd';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { Dialogue, NoteItem } from '../ui/dialogue.tsx';
import { FilterText } from '../ui/filter-text.tsx';
import { useFilters } from '../ui/filters.ts';
import { money, Time } from '../ui/format.tsx';
import { mayBeAssigned, standingColour, standingName, standingNames, type Payment, type Standing } from '../ui/money-words.ts'; // prettier-ignore
import { Page } from '../ui/page.tsx';
import { usePaging } from '../ui/paging.ts';
import { RefundButton } from '../ui/refund.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState } from '../ui/states.tsx';
import { TestTag } from '../ui/status.tsx';

type Data = Read<'/api/console/payments'>;
type Days = Read<'/api/console/statements'>;

export function ReceivedScreen(): ReactNode {
  const t = useT();
  const { filters, set } = useFilters();
  const books = filters['view'] === 'books';
  return (
    <Page
      title={t('付款记录', 'Payments received')}
      why={t(
        '收到的每一笔付款。红色的没有触发发货，需要分配给订单或退款。',
        'Every payment that came. Red ones set nothing going: give them to an order, or refund them.',
      )}
      actions={
        <Segmented
          value={books ? 'books' : 'payments'}
          onChange={(view) => set({ view: view === 'books' ? view : undefined })}
          options={[
            { value: 'payments', label: t('付款', 'Payments') },
            { value: 'books', label: t('每日对账', 'Daily match') },
          ]}
        />
      }
    >
      {books ? <DailyMatch /> : <PaymentList />}
    </Page>
  );
}

function PaymentList(): ReactNode {
  const t = useT();
  const may = useMay();
  const { filters, set } = useFilters();
  const paging = usePaging();
  const [assigning, setAssigning] = useState<Payment>();
  const accounts = useRead('/api/console/payment-accounts');
  const change = (next: Record<string, string | undefined>): void => {
    paging.reset();
    set(next);
  };
  const payments = useRead('/api/console/payments', {
    query: {
      orderNo: filters['orderNo'],
      tradeNo: filters['tradeNo'],
      ...(filters['accountId'] && { accountId: filters['accountId'] }),
      ...(filters['standing'] && { standing: filters['standing'] as Standing }),
      ...(filters['mode'] && { mode: filters['mode'] as 'live' | 'test' }),
      ...(paging.before && { before: paging.before }),
    },
  });
  return (
    <>
      <div className="row" role="search">
        <FilterText
          label={t('订单号', 'Order number')}
          value={filters['orderNo']}
          onSearch={(orderNo) => change({ orderNo })}
        />
        <FilterText
          label={t('平台交易号', 'Trade number')}
          value={filters['tradeNo']}
          onSearch={(tradeNo) => change({ tradeNo })}
        />
        <Select
          allowClear
          placeholder={t('认定', 'Standing')}
          aria-label={t('认定', 'Standing')}
          style={{ width: 170 }}
          value={filters['standing']}
          onChange={(standing?: string) => change({ standing })}
          options={standingNames.map((value) => ({ value, label: standingName(value, t) }))}
        />
        <Select
          allowClear
          placeholder={t('收款账户', 'Account')}
          aria-label={t('收款账户', 'Account')}
          style={{ width: 170 }}
          value={filters['accountId']}
          onChange={(accountId?: string) => change({ accountId })}
          options={(accounts.data?.accounts ?? []).map((a) => ({ value: String(a.id), label: a.name }))}
        />
        <Segmented
          value={filters['mode'] ?? ''}
          onChange={(value) => change({ mode: value || undefined })}
          options={[
            { value: '', label: t('全部', 'All') },
            { value: 'live', label: t('正式', 'Live') },
            { value: 'test', label: t('测试', 'Test') },
          ]}
        />
      </div>
      <ResourceTable<Data, Payment>
        of={payments}
        label={t('付款', 'Payments')}
        rows={(data) => data.payments}
        rowKey={(row) => row.id}
        more={paging.more(payments.data?.next)}
        empty={
          <EmptyState
            what={t('没有符合条件的付款', 'No such payments')}
            why={t(
              '支付平台的回调、主动查询和每日对账发现的付款都在这里。',
              'Whatever notifications, queries and the daily match bring is here.',
            )}
          />
        }
        columns={[
          { title: t('收到', 'Received'), render: (row) => <Time at={row.receivedAt} /> },
          {
            title: t('金额', 'Amount'),
            align: 'right',
            render: (row) => (
              <>
                {money(row.amountMinor, row.currency)} <TestTag mode={row.mode} />
                {row.refundedMinor > 0 && (
                  <div className="mute small">
                    {t('已退', 'refunded')} {money(row.refundedMinor, row.currency)}
                  </div>
                )}
              </>
            ),
          },
          {
            title: t('认定', 'Standing'),
            render: (row) => (
              <>
                <Tag color={standingColour(row.standing)}>{standingName(row.standing, t)}</Tag>
                {row.disputedAt !== null && <Tag color="red">{t('买家拒付', 'Disputed')}</Tag>}
              </>
            ),
          },
          {
            title: t('订单', 'Order'),
            render: (row) =>
              row.orderNo === null ? (
                <span className="mono mute">{row.claimedOrderNo}</span>
              ) : (
                <Link to={`/orders/${row.orderNo}`} className="mono">
                  {row.orderNo}
                </Link>
              ),
          },
          { title: t('账户', 'Account'), render: (row) => row.account },
          {
            title: t('平台交易号', 'Trade number'),
            deskOnly: true,
            render: (row) => <span className="mono small">{row.tradeNo}</span>,
          },
          {
            title: t('操作', 'Actions'),
            render: (row) => (
              <span className="row">
                {may('payments.confirm') && mayBeAssigned(row) && (
                  <Button size="small" type="primary" onClick={() => setAssigning(row)}>
                    {t('分配给订单', 'Assign')}
                  </Button>
                )}
                <RefundButton payment={row} />
                <Link to="/notifications" search={{ id: String(row.notificationId) }}>
                  {t('原文', 'Raw')}
                </Link>
              </span>
            ),
          },
        ]}
      />
      {assigning && <AssignDialogue payment={assigning} close={() => setAssigning(undefined)} />}
    </>
  );
}

interface Assignment {
  readonly orderNo: string;
  readonly acceptAmount?: boolean;
  readonly note: string;
}

function AssignDialogue({ payment, close }: { readonly payment: Payment; readonly close: () => void }): ReactNode {
  const t = useT();
  const assign = useChange('post', '/api/console/payments/:id/assign');
  return (
    <Dialogue<Assignment>
      title={t('把付款分配给订单', 'Give the payment to an order')}
      what={t(
        `${money(payment.amountMinor, payment.currency)}，交易号 ${payment.tradeNo}。分配后该订单按已付款发货。`,
        `${money(payment.amountMinor, payment.currency)}, trade ${payment.tradeNo}. The order then goes on as paid.`,
      )}
      ok={t('分配并发货', 'Assign and deliver')}
      done={t('已分配，订单继续发货', 'Assigned: the order goes on')}
      fresh={{ orderNo: payment.orderNo ?? '', acceptAmount: false }}
      close={close}
      save={({ orderNo, acceptAmount = false, note }, requestId) =>
        assign.mutateAsync({
          params: { id: payment.id },
          body: { requestId, orderNo: orderNo.trim(), acceptAmount, note },
        })
      }
    >
      <Form.Item
        name="orderNo"
        label={t('订单号', 'Order number')}
        rules={[{ required: true, whitespace: true, message: t('请填写订单号', 'Which order?') }]}
      >
        <Input className="mono" autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="acceptAmount"
        label={t('金额与订单不同也接受', 'Although the amount differs from the price')}
        valuePropName="checked"
      >
        <Switch />
      </Form.Item>
      <NoteItem />
    </Dialogue>
  );
}

function DailyMatch(): ReactNode {
  const t = useT();
  const days = useRead('/api/console/statements');
  const accounts = useRead('/api/console/payment-accounts');
  const nameOf = (id: number): string => accounts.data?.accounts.find((a) => a.id === id)?.name ?? String(id);
  return (
    <ResourceTable<Days, Days['days'][number]>
      of={days}
      label={t('每日对账', 'Daily match')}
      rows={(data) => data.days}
      rowKey={(row) => `${row.accountId}-${row.day}`}
      empty={
        <EmptyState
          what={t('还没有对账记录', 'No day was matched yet')}
          why={t(
            '支付宝和微信支付账户每天 10 点后自动下载前一天的账单核对。',
            'Alipay and WeChat Pay accounts are matched with the bill of the day before, after 10:00.',
          )}
        />
      }
      columns={[
        { title: t('日期', 'Day'), render: (row) => row.day },
        { title: t('账户', 'Account'), render: (row) => nameOf(row.accountId) },
        { title: t('账单笔数', 'Trades'), align: 'right', render: (row) => row.lines ?? '—' },
        {
          title: t('补回的付款', 'Found'),
          align: 'right',
          render: (row) =>
            row.found !== null && row.found > 0 ? <Tag color="orange">{row.found}</Tag> : (row.found ?? '—'),
        },
        {
          title: t('结果', 'Result'),
          render: (row) =>
            row.doneAt !== null ? (
              <Tag color="green">{t('已核对', 'Matched')}</Tag>
            ) : row.failure !== null ? (
              <>
                <Tag color="gold">{t('稍后重试', 'Tried again')}</Tag>{' '}
                <span className="mute mono small">{row.failure}</span>
              </>
            ) : (
              <Tag>{t('等待', 'Waiting')}</Tag>
            ),
        },
      ]}
    />
  );
}
