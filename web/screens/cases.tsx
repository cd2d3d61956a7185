/** 售后工单: what came up around an order, by what is due first. */
import { Segmented, Select } from 'antd';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { CaseState, Clock, caseKindName, caseKindNames, sourceName, type Case } from '../ui/case-words.tsx';
import { useFilters } from '../ui/filters.ts';
import { Time } from '../ui/format.tsx';
import { Page } from '../ui/page.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState } from '../ui/states.tsx';
import { ReasonText, TestTag } from '../ui/status.tsx';
import { useClock } from '../ui/use-clock.ts';

const size = 50;

export function CasesScreen(): ReactNode {
  const t = useT();
  const navigate = useNavigate();
  const { filters, set } = useFilters();
  const now = useClock();
  const open = filters['open'] === 'false' ? ('false' as const) : ('true' as const);
  const kind = filters['kind'] as Case['kind'] | undefined;
  const offset = Number(filters['offset'] ?? 0);
  const page = (to: number): void => set({ offset: to > 0 ? String(to) : undefined });
  const cases = useRead('/api/console/cases', { query: { open, limit: size, offset, ...(kind && { kind }) } });
  return (
    <Page
      title={t('售后工单', 'Cases')}
      why={t(
        '买家的售后、发票，以及异常付款和拒付。先到期的在最前。',
        'After-sale requests, invoices, odd payments, chargebacks; what is due first stands first.',
      )}
    >
      <div className="row">
        <Segmented
          value={open}
          onChange={(value) => set({ open: value === 'true' ? undefined : value, offset: undefined })}
          options={[
            { value: 'true', label: t('未结束', 'Open') },
            { value: 'false', label: t('已结束', 'Closed') },
          ]}
        />
        <Select
          allowClear
          style={{ minWidth: 160 }}
          placeholder={t('全部类型', 'Any kind')}
          aria-label={t('类型', 'Kind')}
          value={kind}
          onChange={(value?: Case['kind']) => set({ kind: value, offset: undefined })}
          options={caseKindNames.map((value) => ({ value, label: caseKindName(value, t) }))}
        />
      </div>
      <ResourceTable<Read<'/api/console/cases'>, Case>
        of={cases}
        label={t('售后工单', 'Cases')}
        rows={(data) => data.cases}
        rowKey={(row) => row.no}
        onOpen={(row) => void navigate({ to: `/cases/${row.no}` })}
        more={{
          has: cases.data?.more === true,
          first: offset === 0,
          next: () => page(offset + size),
          back: () => page(Math.max(0, offset - size)),
        }}
        empty={
          <EmptyState
            what={open === 'true' ? t('没有待处理的工单', 'No open cases') : t('没有已结束的工单', 'No closed cases')}
            why={t('买家在提货页提交售后，或付款异常时会出现在这里。', 'They come from the pickup page, from payments and from rules.')} // prettier-ignore
          />
        }
        columns={[
          { title: t('时限', 'Due'), render: (row) => <Clock of={row} now={now} /> },
          {
            title: t('类型', 'Kind'),
            render: (row) => (
              <div>
                <b>{caseKindName(row.kind, t)}</b> <TestTag mode={row.mode} />
                <div className="mute small">
                  <ReasonText reason={row.reason} />
                </div>
              </div>
            ),
          },
          { title: t('状态', 'State'), render: (row) => <CaseState of={row} /> },
          {
            title: t('工单', 'Case'),
            render: (row) => (
              <Link to={`/cases/${row.no}`} className="mono small">
                {row.no}
              </Link>
            ),
          },
          {
            title: t('订单', 'Order'),
            render: (row) => (row.orderNo === null ? <span className="mute">{t('无对应订单', 'none')}</span> : <span className="mono small">{row.orderNo}</span>), // prettier-ignore
          },
          { title: t('来源', 'From'), deskOnly: true, render: (row) => sourceName(row.source, t) },
          { title: t('提交时间', 'Opened'), render: (row) => <Time at={row.openedAt} /> },
          { title: t('处理人', 'Closed by'), deskOnly: true, render: (row) => row.closedBy ?? '—' },
        ]}
      />
    </Page>
  );
}
