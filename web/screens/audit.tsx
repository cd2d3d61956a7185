/** 审计: who did what, when; and whether the chain of the log is whole. */
import { App, Button, Select, Tag } from 'antd';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { actionName, actorName } from '../ui/actions.ts';
import { Detail } from '../ui/detail.tsx';
import { FilterText } from '../ui/filter-text.tsx';
import { useFilters } from '../ui/filters.ts';
import { Time } from '../ui/format.tsx';
import { Page } from '../ui/page.tsx';
import { usePaging } from '../ui/paging.ts';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState, useErrorText } from '../ui/states.tsx';

type Data = Read<'/api/console/audit'>;

export function AuditScreen(): ReactNode {
  const t = useT();
  const { modal, message } = App.useApp();
  const errorText = useErrorText();
  const { filters, set } = useFilters();
  const paging = usePaging();
  const change = (next: Record<string, string | undefined>): void => {
    paging.reset();
    set(next);
  };
  const audit = useRead('/api/console/audit', {
    query: {
      actor: filters['actor'],
      action: filters['action'],
      orderNo: filters['orderNo'],
      ...(paging.before && { before: paging.before }),
    },
  });
  const verify = useChange('post', '/api/console/audit/verify');
  const check = (): void => {
    verify.mutate(
      {},
      {
        onError: (error) => void message.error(errorText(error).cause),
        onSuccess: ({ intact, brokenAt }) => {
          if (intact) modal.success({ title: t('审计链完整，未被改动', 'The chain is whole: nothing was changed') });
          else
            modal.error({
              title: t(
                `审计链在记录 ${brokenAt} 处断开，记录可能被改动`,
                `The chain breaks at entry ${brokenAt}: somebody changed the log`,
              ),
            });
        },
      },
    );
  };
  return (
    <Page
      title={t('审计', 'Audit')}
      why={t(
        '每个操作都有记录，并以哈希链封存，事后改动会被发现。',
        'Every act is kept and chained by hash: a later change is found.',
      )}
      actions={
        <Button loading={verify.isPending} onClick={check}>
          {t('校验完整性', 'Verify the chain')}
        </Button>
      }
    >
      <div className="row" role="search">
        <Select
          allowClear
          showSearch
          placeholder={t('操作人', 'Who')}
          aria-label={t('操作人', 'Who')}
          style={{ width: 180 }}
          value={filters['actor']}
          onChange={(actor?: string) => change({ actor })}
          options={(audit.data?.actors ?? []).map((value) => ({ value, label: actorName(value, t) }))}
        />
        <FilterText
          label={t('订单号', 'Order number')}
          value={filters['orderNo']}
          width={240}
          onSearch={(orderNo) => change({ orderNo })}
        />
      </div>
      <ResourceTable<Data, Data['entries'][number]>
        of={audit}
        label={t('审计记录', 'Audit entries')}
        rows={(data) => data.entries}
        rowKey={(row) => row.id}
        more={paging.more(audit.data?.next)}
        empty={<EmptyState what={t('没有符合条件的记录', 'No such entries')} />}
        columns={[
          { title: t('时间', 'When'), render: (row) => <Time at={row.at} full /> },
          { title: t('操作人', 'Who'), render: (row) => actorName(row.actor, t) },
          { title: t('操作', 'What'), render: (row) => actionName(row.action, t) },
          {
            title: t('订单', 'Order'),
            render: (row) => row.orderNo !== null && <Link to={`/orders/${row.orderNo}`}>{row.orderNo}</Link>,
          },
          { title: t('内容', 'Detail'), render: (row) => <Detail value={row.detail} reason={row.reason} /> },
          {
            title: t('封存', 'Sealed'),
            deskOnly: true,
            render: (row) => (row.sealed ? <Tag color="green">✓</Tag> : <Tag>{t('待封存', 'soon')}</Tag>),
          },
        ]}
      />
    </Page>
  );
}
