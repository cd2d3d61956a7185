/** 站内信: what the system told people, newest first, with the way to what it is about. */
import { Badge, Button, Segmented, Tag } from 'antd';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n, type Translate } from '../i18n.tsx';
import { useFilters } from '../ui/filters.ts';
import { Time } from '../ui/format.tsx';
import { Page } from '../ui/page.tsx';
import { usePaging } from '../ui/paging.ts';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState, ErrorPanel } from '../ui/states.tsx';
import { TestTag } from '../ui/status.tsx';

type Data = Read<'/api/console/notices'>;
type Notice = Data['notices'][number];

function kindName(kind: Notice['kind'], t: Translate): string {
  const names: Record<Notice['kind'], string> = {
    incident: t('发货问题', 'Trouble'),
    digest: t('汇总', 'Digest'),
    reminder: t('提醒', 'Reminder'),
    escalation: t('升级', 'Escalation'),
    stock: t('库存预警', 'Low stock'),
    restocked: t('已补货', 'Restocked'),
    expiring: t('即将过期', 'Expiring'),
    test: t('测试', 'Test'),
    over: t('已解除', 'Over'),
  };
  return names[kind];
}
const colours: Record<Notice['kind'], string> = { incident: 'red', digest: 'red', reminder: 'gold', escalation: 'red', stock: 'orange', restocked: 'green', expiring: 'orange', test: 'default', over: 'green' }; // prettier-ignore

export function NoticesScreen(): ReactNode {
  const { t, say, language } = useI18n();
  const { filters, set } = useFilters();
  const paging = usePaging();
  const unread = filters['unread'] === '1';
  const notices = useRead('/api/console/notices', {
    query: { unread: unread ? '1' : '0', ...(paging.before && { before: paging.before }) },
  });
  const read = useChange('post', '/api/console/notices/read');
  return (
    <Page
      title={t('站内信', 'Messages')}
      why={t(
        '发货问题、库存预警和升级提醒；同一问题合并为一条。',
        'Trouble, low stock, escalations; the same trouble is told once.',
      )}
      actions={
        <>
          <Segmented
            value={unread ? '1' : '0'}
            onChange={(value) => {
              paging.reset();
              set({ unread: value === '1' ? '1' : undefined });
            }}
            options={[
              { value: '0', label: t('全部', 'All') },
              { value: '1', label: t(`未读 ${notices.data?.unread ?? ''}`, `Unread ${notices.data?.unread ?? ''}`) },
            ]}
          />
          <Button
            disabled={(notices.data?.unread ?? 0) === 0}
            loading={read.isPending}
            onClick={() => read.mutate({ body: {} })}
          >
            {t('全部已读', 'Mark all read')}
          </Button>
        </>
      }
    >
      {read.error && <ErrorPanel error={read.error} />}
      <ResourceTable<Data, Notice>
        of={notices}
        label={t('站内信', 'Messages')}
        rows={(data) => data.notices}
        rowKey={(row) => row.id}
        onOpen={(row) => row.read || read.mutate({ body: { ids: [row.id] } })}
        more={paging.more(notices.data?.next)}
        empty={
          <EmptyState
            what={unread ? t('没有未读消息', 'Nothing unread') : t('还没有消息', 'No messages yet')}
            why={t('一切正常时，这里是空的。', 'It stays empty while all is well.')}
          />
        }
        columns={[
          { title: t('时间', 'When'), render: (row) => (<>{!row.read && <Badge status="processing" />} <Time at={row.at} /></>) }, // prettier-ignore
          { title: t('类型', 'Kind'), render: (row) => (<><Tag color={colours[row.kind]}>{kindName(row.kind, t)}</Tag> <TestTag mode={row.mode} /></>) }, // prettier-ignore
          {
            title: t('内容', 'What'),
            render: (row) => {
              const lines = language === 'en' ? row.lines.en : row.lines.zh;
              const words = language === 'en' ? row.en : row.zh;
              return (
                <div className="why-cell">
                  <b>{say(row.title)}</b>
                  {lines.map((line) => (
                    <div key={line}>{line}</div>
                  ))}
                  {!lines.some((line) => line.includes(words.next)) && <div className="mute">{words.next}</div>}
                </div>
              );
            },
          },
          {
            title: t('前往', 'Go to'),
            render: (row) => (
              <span className="row">
                {row.orderNo !== null && <Link to={`/orders/${row.orderNo}`}>{row.orderNo}</Link>}
                {row.orderNo === null && row.sku !== null && (
                  <Link to="/products" search={{ search: row.sku }}>
                    {row.productName}
                  </Link>
                )}
                {row.kind !== 'stock' && row.kind !== 'restocked' && row.kind !== 'test' && row.kind !== 'expiring' && (
                  <Link to="/queue">{t('人工处理', 'Queue')}</Link>
                )}
              </span>
            ),
          },
        ]}
      />
    </Page>
  );
}
