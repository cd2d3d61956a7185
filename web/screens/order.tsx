/** One order: where it stands, what happened, the money, the messages. */
import { Card, Descriptions, Tag, Timeline } from 'antd';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n, useT } from '../i18n.tsx';
import { ActionBar } from '../ui/act.tsx';
import { actionName, actorName } from '../ui/actions.ts';
import { Detail } from '../ui/detail.tsx';
import { duration, money, Time } from '../ui/format.tsx';
import { OrderMoney } from '../ui/order-money.tsx';
import { Page } from '../ui/page.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { ReasonText, StateTag, TestTag } from '../ui/status.tsx';

type File = Read<'/api/console/orders/:no'>;

export function OrderScreen(): ReactNode {
  const t = useT();
  const { no = '' }: { no?: string } = useParams({ strict: false });
  const file = useRead('/api/console/orders/:no', { params: { no } });
  return (
    <Page
      title={t(`订单 ${no}`, `Order ${no}`)}
      actions={
        file.data?.workflowUrl && (
          <a href={file.data.workflowUrl} target="_blank" rel="noreferrer">
            {t('查看流程', 'Workflow')}
          </a>
        )
      }
    >
      <Loaded of={file}>
        {(data) => (
          <>
            <Facts file={data} />
            <ActionBar no={no} />
            <div className="grid two">
              <div className="stack">
                <Tasks file={data} />
                <History file={data} />
              </div>
              <div className="stack">
                <OrderMoney no={no} notifications={data.notifications} />
                <Messages file={data} />
              </div>
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Facts({ file: { order } }: { readonly file: File }): ReactNode {
  const { t, language } = useI18n();
  return (
    <Card>
      <Descriptions
        column={{ xs: 1, sm: 2, lg: 3 }}
        size="small"
        items={[
          {
            key: 'state',
            label: t('状态', 'State'),
            children: (
              <>
                <StateTag state={order.state} />
                <TestTag mode={order.mode} />
              </>
            ),
          },
          { key: 'product', label: t('商品', 'Product'), children: `${order.productName} × ${order.quantity}` },
          { key: 'amount', label: t('金额', 'Amount'), children: money(order.amountMinor, order.currency) },
          ...(order.reason
            ? [
                {
                  key: 'why',
                  label: t('原因', 'Why'),
                  children: <ReasonText reason={order.reason} next />,
                  span: 'filled' as const,
                },
              ]
            : []),
          { key: 'shop', label: t('来源店铺', 'Shop'), children: actorName(order.shop, t) },
          { key: 'account', label: t('收款账户', 'Account'), children: order.accountName ?? '—' },
          { key: 'contact', label: t('买家', 'Buyer'), children: order.contact ?? '—' },
          { key: 'created', label: t('下单', 'Placed'), children: <Time at={order.createdAt} full /> },
          { key: 'paid', label: t('付款', 'Paid'), children: <Time at={order.paidAt} full /> },
          {
            key: 'delivered',
            label: t('发货', 'Delivered'),
            children: (
              <>
                <Time at={order.deliveredAt} full />
                {order.tookMs !== null && <Tag color="green">{duration(order.tookMs, language)}</Tag>}
              </>
            ),
          },
          ...(order.remark !== null
            ? [{ key: 'remark', label: t('买家备注', 'Remark'), children: order.remark, span: 'filled' as const }]
            : []),
        ]}
      />
    </Card>
  );
}

const colour = (action: string): string =>
  /delivered|released|revealed/.test(action) ? 'green' : /waiting|failed|refused/.test(action) ? 'red' : 'blue';

/** Why people were asked, and whether it is settled. */
function Tasks({ file }: { readonly file: File }): ReactNode {
  const t = useT();
  if (file.tasks.length === 0) return null;
  return (
    <Card title={t('人工事项', 'What people were asked for')} size="small">
      {file.tasks.map((task, i) => (
        <div key={i} className="row small">
          <Time at={task.openedAt} full />
          {task.closedAt === null ? <Tag color="red">{t('待处理', 'open')}</Tag> : <Tag>{t('已处理', 'settled')}</Tag>}
          <ReasonText reason={task.reason} next={task.closedAt === null} />
        </div>
      ))}
    </Card>
  );
}

function History({ file }: { readonly file: File }): ReactNode {
  const { t, language } = useI18n();
  const at = (i: number): number => new Date(file.timeline[i]?.at ?? 0).getTime();
  return (
    <Card title={t('时间线', 'Timeline')} size="small">
      <Timeline
        items={file.timeline.map((entry, i) => ({
          key: i,
          color: colour(entry.action),
          content: (
            <>
              <b>{actionName(entry.action, t)}</b> <span className="mute">{actorName(entry.actor, t)}</span>
              <div className="mute small">
                <Time at={entry.at} full />
                {i > 0 && ` · +${duration(at(i) - at(i - 1), language)}`}
              </div>
              <Detail value={entry.detail} reason={entry.reason} />
            </>
          ),
        }))}
      />
      {file.timeline.length === 0 && <EmptyState what={t('还没有记录', 'Nothing yet')} />}
    </Card>
  );
}

function Messages({ file }: { readonly file: File }): ReactNode {
  const t = useT();
  const kinds: Record<string, string> = {
    mail: t('邮件', 'Mail'),
    webhook: t('店铺回调', 'Webhook to the shop'),
    trouble: t('延迟告知邮件', 'Mail about the delay'),
  };
  return (
    <Card title={t('发出的通知', 'Messages')} size="small">
      {file.messages.length === 0 && (
        <EmptyState what={t('发货后会发送邮件和店铺回调', 'Mail and webhook go out after delivery')} />
      )}
      {file.messages.map((message, i) => (
        <div key={i} className="row small">
          <Time at={message.createdAt} full />
          <span>{kinds[message.kind] ?? message.kind}</span>
          <Tag color={message.state === 'sent' ? 'green' : message.state === 'failed' ? 'red' : 'gold'}>
            {message.state === 'sent'
              ? t('已送达', 'sent')
              : message.state === 'failed'
                ? t('失败', 'failed')
                : t('发送中', 'pending')}
          </Tag>
          <ReasonText reason={message.reason} next />
        </div>
      ))}
    </Card>
  );
}
