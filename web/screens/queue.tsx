/**
 * 人工处理队列: what automation handed over, oldest first, with the reason in words and what to do. By keyboard: j and k
 * move, Enter opens, c takes, d delivers, r retries, ? shows all of them.
 */
import { App, Button, Select, Tag } from 'antd';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { ask } from '../api/client.ts';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n, useT } from '../i18n.tsx';
import { useMay, useMe } from '../shell/session.ts';
import { ActionModal, actionText, type ActionKind } from '../ui/act.tsx';
import { useFilters } from '../ui/filters.ts';
import { duration, money, Time } from '../ui/format.tsx';
import { useKeys } from '../ui/keys.ts';
import { Page } from '../ui/page.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState, useErrorText } from '../ui/states.tsx';
import { StateTag, TestTag } from '../ui/status.tsx';
import { useClock } from '../ui/use-clock.ts';
import { usePhone } from '../ui/use-phone.ts';

type Data = Read<'/api/console/tasks'>;
type Task = Data['tasks'][number];
const claims = ['mine', 'nobody', 'others'] as const;

export function QueueScreen(): ReactNode {
  const { t, language } = useI18n();
  const me = useMe();
  const phone = usePhone();
  const may = useMay();
  const navigate = useNavigate();
  const { message, modal } = App.useApp();
  const errorText = useErrorText();
  const { filters, set } = useFilters();
  // The task, not its place: when a colleague ends the one above, the keys still mean what one sees.
  const [at, setAt] = useState<number>();
  const [acting, setActing] = useState<{ task: Task; kind: ActionKind }>();
  const code = filters['code'];
  const claimed = claims.find((one) => one === filters['claimed']);
  const tasks = useRead('/api/console/tasks', { query: { ...(code && { code }), ...(claimed && { claimed }), limit: 100 } }); // prettier-ignore
  const summary = useRead('/api/console/tasks/summary');
  const claim = useChange('post', '/api/console/tasks/:id/claim');
  const rows = tasks.data?.tasks ?? [];
  const cursor = Math.max(rows.findIndex(({ id }) => id === at), 0); // prettier-ignore
  const current = rows[cursor];
  const move = (by: number): void => setAt(rows[Math.min(Math.max(cursor + by, 0), rows.length - 1)]?.id);
  const now = useClock();

  // Somebody who is on it already is named before a dialogue opens, not after it was filled in.
  const take = (task: Task, then: () => void = () => undefined, takeOver = false): void => {
    claim.mutate(
      { params: { id: task.id }, body: { takeOver } },
      {
        onSuccess: then,
        onError: (error) => {
          if (error.code !== 'TASK_CLAIMED') {
            void message.error(errorText(error).cause);
            return;
          }
          modal.confirm({
            title: t(`${task.claimedBy ?? '同事'} 正在处理`, `${task.claimedBy ?? 'A colleague'} is on it`),
            content: t('确定要接手吗？', 'Take it over?'),
            onOk: () => take(task, then, true),
          });
        },
      },
    );
  };
  const begin = (task: Task | undefined, kind: ActionKind): void => {
    if (!task?.order || !may('orders.act')) return;
    const open = (): void => setActing({ task, kind });
    if (task.claimedBy === me?.name) open();
    else take(task, open);
  };
  const retryAll = (): void => {
    modal.confirm({
      title: t(`重试此原因的 ${rows.length} 个订单？`, `Retry these ${rows.length} orders?`),
      onOk: async () => {
        let good = 0;
        for (const task of rows) {
          if (!task.order) continue;
          const body = { id: crypto.randomUUID(), kind: 'retry' as const, note: t('批量重试', 'bulk retry') };
          await ask('post', '/api/console/orders/:no/actions', { params: { no: task.order.no }, body }).then(
            () => (good += 1),
            () => undefined,
          );
        }
        void message.info(t(`已重试 ${good} / ${rows.length}`, `${good} of ${rows.length} retried`));
        await tasks.refetch();
      },
    });
  };

  useKeys(acting === undefined, {
    j: () => move(1),
    k: () => move(-1),
    Enter: () => current?.order && void navigate({ to: `/orders/${current.order.no}` }),
    c: () => current && take(current),
    d: () => begin(current, 'deliver_by_hand'),
    p: () => begin(current, 'deliver_from_pool'),
    r: () => begin(current, 'retry'),
    x: () => begin(current, 'close'),
  });

  return (
    <Page
      title={t('人工处理', 'Work queue')}
      why={`${t('自动发货处理不了的订单，最早的在最前。', 'What automation could not do, oldest first.')}${phone ? '' : t('按 ? 查看快捷键。', ' Press ? for keys.')}`}
      actions={
        <>
          {code && may('orders.act') && rows.length > 1 && (
            <Button onClick={retryAll}>{t('全部重试', 'Retry all')}</Button>
          )}
          {may('orders.act') && (
            <Link to="/manual">
              <Button>{t('手动发货', 'Deliver by hand')}</Button>
            </Link>
          )}
        </>
      }
    >
      <div className="row">
        <Select
          allowClear
          style={{ minWidth: 260 }}
          placeholder={t('全部原因', 'Any reason')}
          aria-label={t('原因', 'Reason')}
          value={code}
          onChange={(value?: string) => {
            setAt(undefined);
            set({ code: value });
          }}
          options={(summary.data?.reasons ?? []).map((reason) => ({
            value: reason.code,
            label: `${language === 'en' ? reason.en.cause : reason.zh.cause} (${reason.count})`,
          }))}
        />
        <Select
          allowClear
          style={{ minWidth: 120 }}
          placeholder={t('全部处理人', 'Taken by anybody')}
          aria-label={t('处理人', 'Taken by')}
          value={claimed}
          onChange={(value?: string) => {
            setAt(undefined);
            set({ claimed: value });
          }}
          options={[
            { value: 'mine', label: t('我的', 'Mine') },
            { value: 'nobody', label: t('无人处理', 'Nobody') },
            { value: 'others', label: t('同事处理中', 'Colleagues') },
          ]}
        />
        <span className="mute">
          {t(
            `待处理 ${summary.data?.open ?? 0}，我的 ${summary.data?.mine ?? 0}`,
            `${summary.data?.open ?? 0} open, ${summary.data?.mine ?? 0} mine`,
          )}
        </span>
      </div>
      <ResourceTable<Data, Task>
        of={tasks}
        label={t('待处理任务', 'Tasks')}
        rows={(data) => data.tasks}
        rowKey={(row) => row.id}
        cursor={cursor}
        empty={
          <EmptyState
            what={t('没有需要人工处理的订单', 'Nothing waits for people')}
            why={t('发货失败、缺货或需要确认时会出现在这里。', 'Failures, empty pools and questions appear here.')}
          />
        }
        columns={[
          {
            title: t('已等待', 'Waiting'),
            render: (row) => {
              const ms = now - new Date(row.openedAt).getTime();
              return (
                <Tag color={ms > 1_800_000 ? 'red' : ms > 600_000 ? 'orange' : 'default'}>{duration(ms, language)}</Tag>
              );
            },
          },
          {
            title: t('原因与处理办法', 'Why, and what to do'),
            render: (row) => {
              const words = language === 'en' ? row.en : row.zh;
              return (
                <div className="why-cell">
                  <b>{words.cause}</b>
                  <div className="mute">{words.next}</div>
                </div>
              );
            },
          },
          {
            title: t('订单', 'Order'),
            render: (row) =>
              row.order && (
                <div>
                  <Link to={`/orders/${row.order.no}`} className="mono">
                    {row.order.no}
                  </Link>{' '}
                  <TestTag mode={row.mode} />
                  <div className="mute">
                    {row.order.productName} × {row.order.quantity} · {money(row.order.amountMinor, row.order.currency)}
                  </div>
                </div>
              ),
          },
          {
            title: t('状态', 'State'),
            deskOnly: true,
            render: (row) => row.order && <StateTag state={row.order.state} />,
          },
          { title: t('付款', 'Paid'), deskOnly: true, render: (row) => <Time at={row.order?.paidAt} /> },
          {
            title: t('处理人', 'Taken by'),
            render: (row) =>
              row.claimedBy === null ? (
                <span className="mute">{t('无', 'nobody')}</span>
              ) : (
                <Tag color={row.claimedBy === me?.name ? 'blue' : 'default'}>{row.claimedBy}</Tag>
              ),
          },
          {
            title: t('操作', 'Actions'),
            render: (row) =>
              may('orders.act') && (
                <span className="row task-actions">
                  {row.claimedBy !== me?.name && (
                    <Button size="small" onClick={() => take(row)}>
                      {t('领取', 'Take')}
                    </Button>
                  )}
                  {row.order &&
                    row.proposals.slice(0, 3).map((kind, i) => (
                      <Button
                        key={kind}
                        size="small"
                        type={i === 0 ? 'primary' : 'default'}
                        onClick={() => begin(row, kind)}
                      >
                        {actionText(kind, t).label}
                      </Button>
                    ))}
                  {!row.order && <DoneButton task={row} />}
                </span>
              ),
          },
        ]}
      />
      {acting?.task.order && (
        <ActionModal
          no={acting.task.order.no}
          kind={acting.kind}
          missing={acting.task.order.quantity}
          close={() => setActing(undefined)}
        />
      )}
    </Page>
  );
}

function DoneButton({ task }: { readonly task: Task }): ReactNode {
  const t = useT();
  const { message } = App.useApp();
  const errorText = useErrorText();
  const close = useChange('post', '/api/console/tasks/:id/close');
  return (
    <Button
      size="small"
      onClick={() =>
        close.mutate(
          { params: { id: task.id }, body: { note: t('已处理', 'done') } },
          { onError: (error) => void message.error(errorText(error).cause) },
        )
      }
    >
      {t('已处理', 'Done')}
    </Button>
  );
}
