/** 退款: each until the money has really moved; those that failed or are stuck wait for a person. */
import { Select } from 'antd';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { actorName } from '../ui/actions.ts';
import { FilterText } from '../ui/filter-text.tsx';
import { useFilters } from '../ui/filters.ts';
import { money, Time } from '../ui/format.tsx';
import { isUnderWay, refundCodeName, refundStateName, refundStateNames, type Refund, type RefundState } from '../ui/money-words.ts'; // prettier-ignore
import { Page } from '../ui/page.tsx';
import { usePaging } from '../ui/paging.ts';
import { RefundTag, SettleButton } from '../ui/refund.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState } from '../ui/states.tsx';
import { TestTag } from '../ui/status.tsx';

type Data = Read<'/api/console/refunds'>;

export function RefundsScreen(): ReactNode {
  const t = useT();
  const { filters, set } = useFilters();
  const paging = usePaging();
  const change = (next: Record<string, string | undefined>): void => {
    paging.reset();
    set(next);
  };
  const refunds = useRead(
    '/api/console/refunds',
    {
      query: {
        orderNo: filters['orderNo'],
        ...(filters['state'] && { state: filters['state'] as RefundState }),
        ...(paging.before && { before: paging.before }),
      },
    },
    { whilst: (data) => data.refunds.some(isUnderWay) },
  );
  return (
    <Page
      title={t('退款', 'Refunds')}
      why={t(
        '“已退款”表示支付平台确认钱已退回。失败或异常的退款需要处理。从订单或付款记录发起退款。',
        '“Done” means that the provider confirms it. Failed and stuck ones need a person. Refunds begin at an order or a payment.',
      )}
    >
      <div className="row" role="search">
        <FilterText
          label={t('订单号', 'Order number')}
          value={filters['orderNo']}
          onSearch={(orderNo) => change({ orderNo })}
        />
        <Select
          allowClear
          placeholder={t('全部状态', 'Any state')}
          aria-label={t('状态', 'State')}
          style={{ width: 190 }}
          value={filters['state']}
          onChange={(state?: string) => change({ state })}
          options={refundStateNames.map((value) => ({ value, label: refundStateName(value, t) }))}
        />
      </div>
      <ResourceTable<Data, Refund>
        of={refunds}
        label={t('退款', 'Refunds')}
        rows={(data) => data.refunds}
        rowKey={(row) => row.id}
        more={paging.more(refunds.data?.next)}
        empty={<EmptyState what={t('没有符合条件的退款', 'No such refunds')} />}
        columns={[
          { title: t('发起', 'Begun'), render: (row) => <Time at={row.createdAt} /> },
          {
            title: t('金额', 'Amount'),
            align: 'right',
            render: (row) => (
              <>
                {money(row.amountMinor, row.currency)} <TestTag mode={row.mode} />
              </>
            ),
          },
          {
            title: t('状态', 'State'),
            render: (row) => (
              <>
                <RefundTag refund={row} />
                {row.code !== null && <div className="mute small">{refundCodeName(row.code, t)}</div>}
              </>
            ),
          },
          {
            title: t('订单', 'Order'),
            render: (row) =>
              row.orderNo !== null && (
                <Link to={`/orders/${row.orderNo}`} className="mono">
                  {row.orderNo}
                </Link>
              ),
          },
          {
            title: t('退款号', 'Number'),
            deskOnly: true,
            render: (row) => <span className="mono small">{row.no}</span>,
          },
          { title: t('原因', 'Reason'), render: (row) => row.reason },
          { title: t('经手人', 'By'), render: (row) => actorName(row.by, t) },
          { title: t('完成', 'Done'), render: (row) => <Time at={row.doneAt} /> },
          { title: t('操作', 'Actions'), render: (row) => <SettleButton refund={row} /> },
        ]}
      />
    </Page>
  );
}
