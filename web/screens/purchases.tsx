/** 采购: what was bought upstream, and the questions that only a person can answer. */
import { Button, Select } from 'antd';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { useFilters } from '../ui/filters.ts';
import { money, Time } from '../ui/format.tsx';
import { Page } from '../ui/page.tsx';
import { usePaging } from '../ui/paging.ts';
import { PurchaseDrawer } from '../ui/purchase-answer.tsx';
import { evidenceText, problemName, PurchaseState, purchaseStateName, type Purchase } from '../ui/purchase-words.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState } from '../ui/states.tsx';
import { ReasonText, TestTag } from '../ui/status.tsx';

type Data = Read<'/api/console/purchases'>;
const states = [
  'open',
  'unknown',
  'review',
  'accepted',
  'placing',
  'planned',
  'delivered',
  'refused',
  'absent',
] as const;
const size = 50;

export function PurchasesScreen(): ReactNode {
  const t = useT();
  const may = useMay();
  const { filters, set } = useFilters();
  const paging = usePaging();
  const [answering, setAnswering] = useState<Purchase>();
  const state = filters['state'] as (typeof states)[number] | undefined;
  const supplierId = filters['supplier'] === undefined ? undefined : Number(filters['supplier']);
  const suppliers = useRead('/api/console/suppliers');
  const purchases = useRead('/api/console/purchases', {
    query: {
      limit: size,
      ...(state && { state }),
      ...(supplierId !== undefined && { supplierId }),
      ...(filters['orderNo'] && { orderNo: filters['orderNo'] }),
      ...(paging.before !== undefined && { before: paging.before }),
    },
  });
  const change = (next: Record<string, string | undefined>): void => {
    paging.reset();
    set(next);
  };
  const rows = purchases.data?.purchases ?? [];
  return (
    <Page
      title={t('采购', 'Purchases')}
      why={t(
        '向供应商下的单。结果不明或内容待审核的，需要您回答后才会继续。',
        'Orders placed at suppliers. Those of unknown outcome, or to be looked at, wait for an answer.',
      )}
    >
      <div className="row">
        <Select
          allowClear
          style={{ minWidth: 160 }}
          placeholder={t('全部状态', 'Any state')}
          aria-label={t('状态', 'State')}
          value={state}
          onChange={(value?: (typeof states)[number]) => change({ state: value })}
          options={states.map((value) => ({
            value,
            label: value === 'open' ? t('未结束', 'Not ended') : purchaseStateName(value, t),
          }))}
        />
        <Select
          allowClear
          style={{ minWidth: 160 }}
          placeholder={t('全部供应商', 'Any supplier')}
          aria-label={t('供应商', 'Supplier')}
          value={supplierId}
          onChange={(value?: number) => change({ supplier: value === undefined ? undefined : String(value) })}
          options={(suppliers.data?.suppliers ?? []).map((s) => ({ value: s.id, label: s.name }))}
        />
      </div>
      <ResourceTable<Data, Purchase>
        of={purchases}
        label={t('采购', 'Purchases')}
        rows={(data) => data.purchases}
        rowKey={(row) => row.id}
        more={paging.more(rows.length === size ? rows.at(-1)?.id : undefined)}
        empty={
          <EmptyState
            what={t('没有采购记录', 'No purchases')}
            why={t('自有卡密池不足、商品设置了货源时，系统会自动采购。', 'They are made when the pool is short and the product has sources.')} // prettier-ignore
          />
        }
        columns={[
          { title: t('时间', 'Time'), render: (row) => <Time at={row.createdAt} /> },
          {
            title: t('状态', 'State'),
            render: (row) => (
              <div>
                <PurchaseState state={row.state} />
                <div className="mute small">
                  <Why of={row} />
                </div>
              </div>
            ),
          },
          {
            title: t('商品', 'Goods'),
            render: (row) => (
              <div>
                {row.productName} × {row.quantity} <TestTag mode={row.mode} />
                <div>
                  <Link to={`/orders/${row.orderNo}`} className="mono small">
                    {row.orderNo}
                  </Link>
                </div>
              </div>
            ),
          },
          { title: t('供应商', 'Supplier'), render: (row) => row.supplier },
          {
            title: t('采购编号 / 供应商单号', 'Our number / theirs'),
            deskOnly: true,
            render: (row) => (
              <div className="mono small">
                {row.ref}
                <div className="mute">{row.supplierRef ?? '—'}</div>
              </div>
            ),
          },
          {
            title: t('成本', 'Cost'),
            align: 'right',
            render: (row) => (row.costMinor === null ? '—' : money(row.costMinor, row.currency)),
          },
          {
            title: t('操作', 'Actions'),
            render: (row) =>
              may('orders.act') &&
              (row.state === 'unknown' || row.state === 'review' || row.state === 'accepted') && (
                <Button
                  size="small"
                  type={row.state === 'accepted' ? 'default' : 'primary'}
                  onClick={() => setAnswering(row)}
                >
                  {t('回答', 'Answer')}
                </Button>
              ),
          },
        ]}
      />
      {answering && <PurchaseDrawer purchase={answering} close={() => setAnswering(undefined)} />}
    </Page>
  );
}

function Why({ of: p }: { readonly of: Purchase }): ReactNode {
  const t = useT();
  if (p.why) return <ReasonText reason={p.why} />;
  if (p.problems.length > 0) return [...new Set(p.problems.map(({ problem }) => problemName(problem, t)))].join('；');
  return p.state === 'delivered' ? null : evidenceText(p.evidence, t);
}
