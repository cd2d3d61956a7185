/** The order log: filters in the address, newest first, export. */
import { App, Button, Input, Segmented, Select } from 'antd';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ask } from '../api/client.ts';
import { useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n } from '../i18n.tsx';
import { saveFile } from '../ui/file.ts';
import { FilterText } from '../ui/filter-text.tsx';
import { useFilters } from '../ui/filters.ts';
import { duration, money, Time } from '../ui/format.tsx';
import { Page } from '../ui/page.tsx';
import { usePaging } from '../ui/paging.ts';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState, useErrorText } from '../ui/states.tsx';
import {
  orderStateNames,
  ReasonText,
  stateName,
  StateTag,
  TestTag,
  type OrderLine,
  type OrderState,
} from '../ui/status.tsx';

export function OrdersScreen(): ReactNode {
  const { t, language } = useI18n();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const errorText = useErrorText();
  const { filters, set } = useFilters();
  const paging = usePaging();
  const change = (next: Record<string, string | undefined>): void => {
    paging.reset();
    set(next);
  };
  const query = {
    ...(filters['state'] && { state: filters['state'].split(',') as OrderState[] }),
    ...(filters['mode'] && { mode: filters['mode'] as 'live' | 'test' }),
    no: filters['no'],
    sku: filters['sku'],
    reason: filters['reason'],
    contact: filters['contact'],
  };
  const orders = useRead('/api/console/orders', {
    query: { ...query, ...(paging.before && { before: paging.before }) },
  });

  const save = async (): Promise<void> => {
    try {
      const { csv, rows } = await ask('get', '/api/console/orders-export', { query });
      saveFile('orders.csv', csv, 'text/csv;charset=utf-8');
      void message.success(t(`已导出 ${rows} 条（联系方式已脱敏）`, `${rows} orders, without contacts`));
    } catch (error) {
      void message.error(errorText(error).cause);
    }
  };

  return (
    <Page
      title={t('订单日志', 'Order log')}
      actions={<Button onClick={() => void save()}>{t('导出', 'Export')}</Button>}
    >
      <div className="row" role="search">
        <Input.Search
          allowClear
          defaultValue={filters['no'] ?? filters['contact']}
          placeholder={t('订单号或买家邮箱', "Order number or buyer's mail")}
          aria-label={t('订单号或买家邮箱', "Order number or buyer's mail")}
          style={{ width: 260 }}
          onSearch={(text) => {
            const mail = text.includes('@');
            change({ no: mail ? undefined : text, contact: mail ? text : undefined });
          }}
        />
        <Select<OrderState[]>
          mode="multiple"
          allowClear
          placeholder={t('全部状态', 'Any state')}
          aria-label={t('状态', 'State')}
          style={{ minWidth: 200 }}
          value={query.state ?? []}
          onChange={(value) => change({ state: value.join(',') || undefined })}
          options={orderStateNames.map((value) => ({ value, label: stateName(value, t) }))}
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
        <FilterText
          label={t('商品编码', 'SKU')}
          value={filters['sku']}
          width={180}
          onSearch={(sku) => change({ sku })}
        />
      </div>
      <ResourceTable<Read<'/api/console/orders'>, OrderLine>
        of={orders}
        label={t('订单', 'Orders')}
        rows={(data) => data.orders}
        rowKey={(row) => row.id}
        onOpen={(row) => void navigate({ to: `/orders/${row.no}` })}
        more={paging.more(orders.data?.next)}
        empty={
          <EmptyState
            what={t('没有符合条件的订单', 'No such orders')}
            why={t('店铺下单或测试下单后，订单会立即出现在这里。', 'Orders appear here the moment they are placed.')}
          />
        }
        columns={[
          {
            title: t('订单号', 'Number'),
            render: (row) => (
              <>
                <span className="mono">{row.no}</span> <TestTag mode={row.mode} />
              </>
            ),
          },
          { title: t('商品', 'Product'), render: (row) => `${row.productName} × ${row.quantity}` },
          { title: t('金额', 'Amount'), align: 'right', render: (row) => money(row.amountMinor, row.currency) },
          {
            title: t('状态', 'State'),
            render: (row) => (
              <>
                <StateTag state={row.state} /> <ReasonText reason={row.reason} />
              </>
            ),
          },
          { title: t('下单', 'Placed'), render: (row) => <Time at={row.createdAt} /> },
          { title: t('付款', 'Paid'), deskOnly: true, render: (row) => <Time at={row.paidAt} /> },
          { title: t('发货用时', 'Took'), align: 'right', render: (row) => duration(row.tookMs, language) },
        ]}
      />
    </Page>
  );
}
