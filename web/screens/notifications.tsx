/** 支付回调日志: what came as it came, what was made of it, what was answered; and taking it in again. */
import { Alert, Button, Descriptions, Drawer, Form, InputNumber, Segmented, Select, Tag } from 'antd';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { Dialogue, NoteItem } from '../ui/dialogue.tsx';
import { FilterText } from '../ui/filter-text.tsx';
import { useFilters } from '../ui/filters.ts';
import { Time } from '../ui/format.tsx';
import { decisionName, sourceName, verdictName } from '../ui/money-words.ts';
import { Page } from '../ui/page.tsx';
import { usePaging } from '../ui/paging.ts';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { TestTag } from '../ui/status.tsx';

type Data = Read<'/api/console/notifications'>;
type Note = Data['notifications'][number];
type Whole = Read<'/api/console/notifications/:id'>;

export function NotificationsScreen(): ReactNode {
  const t = useT();
  const may = useMay();
  const { filters, set } = useFilters();
  const paging = usePaging();
  const [keeping, setKeeping] = useState(false);
  const accounts = useRead('/api/console/payment-accounts');
  const change = (next: Record<string, string | undefined>): void => {
    paging.reset();
    set(next);
  };
  const notes = useRead('/api/console/notifications', {
    query: {
      orderNo: filters['orderNo'],
      ...(filters['accountId'] && { accountId: filters['accountId'] }),
      ...(filters['verdict'] && { verdict: filters['verdict'] as 'accepted' | 'refused' }),
      ...(paging.before && { before: paging.before }),
    },
  });
  const open = filters['id'];
  return (
    <Page
      title={t('支付回调日志', 'Payment notifications')}
      why={t(
        '支付平台发来的每一条通知：是否真实、怎样处理、回答了什么。敏感内容已遮盖。',
        'Each notification: whether it was genuine, what was made of it, what was answered. Secrets are masked.',
      )}
      actions={may('settings.edit') && <Button onClick={() => setKeeping(true)}>{t('保留期限', 'Retention')}</Button>}
    >
      <div className="row" role="search">
        <FilterText
          label={t('订单号', 'Order number')}
          value={filters['orderNo']}
          onSearch={(orderNo) => change({ orderNo })}
        />
        <Segmented
          value={filters['verdict'] ?? ''}
          onChange={(value) => change({ verdict: value || undefined })}
          options={[
            { value: '', label: t('全部', 'All') },
            { value: 'accepted', label: t('验签通过', 'Genuine') },
            { value: 'refused', label: t('已拒绝', 'Refused') },
          ]}
        />
        <Select
          allowClear
          placeholder={t('收款账户', 'Account')}
          aria-label={t('收款账户', 'Account')}
          style={{ width: 180 }}
          value={filters['accountId']}
          onChange={(accountId?: string) => change({ accountId })}
          options={(accounts.data?.accounts ?? []).map((a) => ({ value: String(a.id), label: a.name }))}
        />
      </div>
      <ResourceTable<Data, Note>
        of={notes}
        label={t('回调', 'Notifications')}
        rows={(data) => data.notifications}
        rowKey={(row) => row.id}
        onOpen={(row) => set({ id: String(row.id) })}
        more={paging.more(notes.data?.next)}
        empty={
          <EmptyState
            what={t('没有符合条件的回调', 'No such notifications')}
            why={t(
              '如果买家已付款但这里没有记录，请检测回调。',
              'If buyers pay and nothing is here, check the callback.',
            )}
            action={<Link to="/payments">{t('去检测回调', 'Check the callback')}</Link>}
          />
        }
        columns={[
          { title: t('时间', 'When'), render: (row) => <Time at={row.receivedAt} full /> },
          {
            title: t('账户', 'Account'),
            render: (row) => (
              <>
                {row.account ?? row.provider} <TestTag mode={row.mode} />
              </>
            ),
          },
          { title: t('来源', 'Source'), render: (row) => sourceName(row.source, t) },
          { title: t('验签', 'Verdict'), render: (row) => <VerdictTag note={row} /> },
          { title: t('处理', 'Decision'), render: (row) => decisionName(row.decision, t) },
          {
            title: t('订单', 'Order'),
            render: (row) => row.orderNo !== null && <span className="mono">{row.orderNo}</span>,
          },
          {
            title: t('交易号', 'Trade number'),
            deskOnly: true,
            render: (row) => <span className="mono small">{row.tradeNo}</span>,
          },
        ]}
      />
      {open !== undefined && <NotificationDrawer id={Number(open)} close={() => set({ id: undefined })} />}
      {keeping && <Retention close={() => setKeeping(false)} />}
    </Page>
  );
}

function VerdictTag({ note }: { readonly note: Pick<Note, 'verdict'> }): ReactNode {
  const t = useT();
  return <Tag color={note.verdict === 'accepted' ? 'green' : 'red'}>{verdictName(note.verdict, t)}</Tag>;
}

function NotificationDrawer({ id, close }: { readonly id: number; readonly close: () => void }): ReactNode {
  const t = useT();
  const whole = useRead('/api/console/notifications/:id', { params: { id } });
  return (
    <Drawer open size={680} title={t(`回调 #${id}`, `Notification #${id}`)} onClose={close} destroyOnHidden>
      <Loaded of={whole}>{(data) => <NotificationDetail data={data} />}</Loaded>
    </Drawer>
  );
}

function NotificationDetail({ data }: { readonly data: Whole }): ReactNode {
  const t = useT();
  const may = useMay();
  const [again, setAgain] = useState(false);
  const { notification: note, response } = data;
  const raw = (title: string, text: string): ReactNode =>
    text !== '' && (
      <div>
        <b>{title}</b>
        <pre className="raw mono small">{text}</pre>
      </div>
    );
  return (
    <div className="stack">
      <Descriptions
        size="small"
        column={1}
        items={[
          { key: 'at', label: t('时间', 'When'), children: <Time at={note.receivedAt} full /> },
          { key: 'account', label: t('账户', 'Account'), children: note.account ?? note.provider },
          { key: 'source', label: t('来源', 'Source'), children: sourceName(note.source, t) },
          { key: 'verdict', label: t('验签', 'Verdict'), children: <VerdictTag note={note} /> },
          { key: 'decision', label: t('处理', 'Decision'), children: decisionName(note.decision, t) },
          {
            key: 'order',
            label: t('订单', 'Order'),
            children: note.orderNo === null ? '—' : <Link to={`/orders/${note.orderNo}`}>{note.orderNo}</Link>,
          },
          { key: 'trade', label: t('交易号', 'Trade number'), children: note.tradeNo ?? '—' },
          {
            key: 'response',
            label: t('我们的回答', 'Our answer'),
            children: response ? <span className="mono">{`HTTP ${response.status} ${response.body}`}</span> : '—',
          },
          ...(note.replayOf === null
            ? []
            : [{ key: 'of', label: t('重新处理自', 'Replay of'), children: `#${note.replayOf}` }]),
        ]}
      />
      {note.purgedAt !== null && (
        <Alert type="info" showIcon title={t('原文已超过保留期限', 'The raw text is past its retention')} />
      )}
      {raw(
        t('请求头', 'Headers'),
        Object.entries(data.headers)
          .map(([key, value]) => `${key}: ${value}`)
          .join('\n'),
      )}
      {raw(t('查询参数', 'Query'), data.query.replaceAll('&', '\n'))}
      {raw(t('正文', 'Body'), data.body.startsWith('{') ? data.body : data.body.replaceAll('&', '\n'))}
      {note.source === 'notify' && note.purgedAt === null && may('payments.confirm') && (
        <div>
          <Button onClick={() => setAgain(true)}>{t('重新处理', 'Take it in again')}</Button>
        </div>
      )}
      {again && <Replay id={note.id} close={() => setAgain(false)} />}
    </div>
  );
}

function Replay({ id, close }: { readonly id: number; readonly close: () => void }): ReactNode {
  const t = useT();
  const replay = useChange('post', '/api/console/notifications/:id/replay');
  return (
    <Dialogue<{ readonly note: string }>
      title={t('重新处理这条回调', 'Take this notification in again')}
      what={t(
        '按现在的密钥重新验签和处理。已处理过的付款不会重复发货。',
        'Verified and taken in anew with the keys of now. What was paid before is not delivered twice.',
      )}
      ok={t('重新处理', 'Take it in again')}
      done={t('已重新处理，结果见日志', 'Done: the log has the result')}
      close={close}
      save={(body) => replay.mutateAsync({ params: { id }, body })}
    >
      <NoteItem />
    </Dialogue>
  );
}

function Retention({ close }: { readonly close: () => void }): ReactNode {
  const t = useT();
  const now = useRead('/api/console/notifications/retention');
  const keep = useChange('put', '/api/console/notifications/retention');
  if (!now.data) return null;
  return (
    <Dialogue<{ readonly days: number }>
      title={t('回调原文保留期限', 'How long raw notifications are kept')}
      what={t(
        '到期后原文删除；付款记录本身一直保留。',
        'After that the raw text goes; the payments themselves stay for good.',
      )}
      ok={t('保存', 'Save')}
      done={t('已保存', 'Saved')}
      fresh={{ days: now.data.days }}
      close={close}
      save={(body) => keep.mutateAsync({ body })}
    >
      <Form.Item name="days" label={t('天数（30–3650）', 'Days (30–3650)')} rules={[{ required: true }]}>
        <InputNumber min={30} max={3_650} precision={0} />
      </Form.Item>
    </Dialogue>
  );
}
