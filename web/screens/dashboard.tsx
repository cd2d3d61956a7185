/** 发货监控: today's figures of the shop, live. */
import { Alert, Card, Segmented, Statistic } from 'antd';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n, useT } from '../i18n.tsx';
import { useFilters } from '../ui/filters.ts';
import { duration, Time } from '../ui/format.tsx';
import { Page } from '../ui/page.tsx';
import { ResourceTable, type Column } from '../ui/resource-table.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { ReasonText, StateTag } from '../ui/status.tsx';

type Data = Read<'/api/console/dashboard'>;

export function percent(rate: number | null): string {
  return rate === null ? '—' : `${(rate / 100).toFixed(2)} %`;
}

export function DashboardScreen(): ReactNode {
  const t = useT();
  const { filters, set } = useFilters();
  const mode = filters['mode'] === 'test' ? 'test' : 'live';
  const data = useRead('/api/console/dashboard', { query: { mode } }, { refetchInterval: 15_000 });
  return (
    <Page
      title={t('发货监控', 'Delivery monitor')}
      actions={
        <Segmented
          value={mode}
          onChange={(value) => set({ mode: value === 'live' ? undefined : value })}
          options={[
            { value: 'live', label: t('正式', 'Live') },
            { value: 'test', label: t('测试', 'Test') },
          ]}
        />
      }
    >
      <Loaded of={data}>{(d) => <Board data={d} of={data} />}</Loaded>
    </Page>
  );
}

function Board({
  data,
  of,
}: {
  readonly data: Data;
  readonly of: ReturnType<typeof useRead<'/api/console/dashboard'>>;
}): ReactNode {
  const { t, language } = useI18n();
  const { today, alarm } = data;
  const bad = today.rate !== null && today.rate > alarm.limit;
  return (
    <>
      {alarm.on && (
        <Alert
          type="error"
          showIcon
          title={t(
            `最近 ${alarm.windowMinutes} 分钟失败率 ${percent(alarm.rate)} 超过 ${percent(alarm.limit)}`,
            `Failure rate of the last ${alarm.windowMinutes} minutes, ${percent(alarm.rate)}, is above ${percent(alarm.limit)}`,
          )}
          action={<Link to="/failures">{t('查看原因', 'See why')}</Link>}
        />
      )}
      <div className="tiles ten">
        <Tile title={t('今日付款', 'Paid today')} value={today.paid} />
        <Tile title={t('已发货', 'Delivered')} value={today.delivered} />
        <Tile title={t('等待中', 'Waiting')} value={today.waiting} />
        <Tile title={t('人工发货', 'By hand')} value={today.byHand} />
        <Tile
          title={t('待人工处理', 'Waiting for people')}
          value={today.openTasks}
          bad={today.openTasks > 0}
          to="/queue"
        />
        <Tile title={t('失败', 'Failed')} value={today.failed} bad={bad} />
        <Tile title={t('失败率（目标 ≤ 2 %）', 'Failure rate (goal ≤ 2 %)')} value={percent(today.rate)} bad={bad} />
        <Tile title={t('平均用时', 'Average')} value={duration(today.averageMs, language)} />
        <Tile title={t('中位用时', 'Median')} value={duration(today.p50Ms, language)} />
        <Tile title="P99" value={duration(today.p99Ms, language)} />
      </div>
      <Card title={t('24 小时', '24 hours')} size="small">
        <Bars hours={data.hours} />
        <Rates hours={data.hours} limit={alarm.limit} />
      </Card>
      <div className="grid">
        <Card title={t('按商品', 'By product')} size="small">
          <ResourceTable
            of={of}
            label={t('按商品', 'By product')}
            rows={(d) => d.products}
            rowKey={(row) => row.sku}
            empty={<EmptyState what={t('今天还没有付款的订单', 'No paid orders today')} />}
            columns={[
              { title: t('商品', 'Product'), render: (row) => row.name },
              ...useFigureColumns<Data['products'][number]>(),
            ]}
          />
        </Card>
        <Card title={t('按支付渠道', 'By payment account')} size="small">
          <ResourceTable
            of={of}
            label={t('按支付渠道', 'By payment account')}
            rows={(d) => d.accounts}
            rowKey={(row) => row.provider + row.name}
            empty={<EmptyState what={t('今天还没有付款的订单', 'No paid orders today')} />}
            columns={[
              { title: t('账户', 'Account'), render: (row) => row.name },
              ...useFigureColumns<Data['accounts'][number]>(),
            ]}
          />
        </Card>
      </div>
      {data.suppliers.length > 0 && (
        <Card title={t('按供应商（今日采购）', 'By supplier (purchases of today)')} size="small">
          <ResourceTable
            of={of}
            label={t('按供应商', 'By supplier')}
            rows={(d) => d.suppliers}
            rowKey={(row) => row.id}
            empty={<EmptyState what={t('今天还没有采购', 'No purchases today')} />}
            columns={[
              { title: t('供应商', 'Supplier'), render: (row) => row.name },
              { title: t('采购', 'Bought'), align: 'right', render: (row) => row.bought },
              { title: t('到货', 'Delivered'), align: 'right', render: (row) => row.delivered },
              { title: t('失败', 'Failed'), align: 'right', render: (row) => row.failed },
              { title: t('进行中', 'Open'), align: 'right', render: (row) => row.open },
              { title: t('失败率', 'Rate'), align: 'right', render: (row) => percent(row.rate) },
              { title: t('中位', 'Median'), align: 'right', render: (row) => duration(row.p50Ms, language) },
              { title: 'P99', align: 'right', render: (row) => duration(row.p99Ms, language) },
            ]}
          />
        </Card>
      )}
      <Card title={t('最近 50 笔订单', 'The last 50 orders')} size="small">
        <ResourceTable
          of={of}
          label={t('最近订单', 'Last orders')}
          rows={(d) => d.live}
          rowKey={(row) => row.id}
          empty={<EmptyState what={t('还没有订单', 'No orders yet')} />}
          columns={[
            { title: t('时间', 'Time'), render: (row) => <Time at={row.createdAt} /> },
            { title: t('订单号', 'Number'), render: (row) => <Link to={`/orders/${row.no}`}>{row.no}</Link> },
            { title: t('商品', 'Product'), render: (row) => `${row.productName} × ${row.quantity}` },
            { title: t('状态', 'State'), render: (row) => (<><StateTag state={row.state} /> <ReasonText reason={row.reason} /></>) }, // prettier-ignore
            { title: t('用时', 'Took'), align: 'right', render: (row) => duration(row.tookMs, language) },
          ]}
        />
      </Card>
    </>
  );
}

type FiguresRow = Pick<Data['today'], 'paid' | 'failed' | 'rate' | 'p50Ms' | 'p99Ms'>;
function useFigureColumns<Row extends FiguresRow>(): Column<Row>[] {
  const { t, language } = useI18n();
  return [
    { title: t('付款', 'Paid'), align: 'right', render: (row) => row.paid },
    { title: t('失败', 'Failed'), align: 'right', render: (row) => row.failed },
    { title: t('失败率', 'Rate'), align: 'right', render: (row) => percent(row.rate) },
    { title: t('中位', 'Median'), align: 'right', render: (row) => duration(row.p50Ms, language) },
    { title: 'P99', align: 'right', render: (row) => duration(row.p99Ms, language) },
  ];
}

function Tile({
  title,
  value,
  bad = false,
  to,
}: {
  readonly title: string;
  readonly value: string | number;
  readonly bad?: boolean;
  /** Where the figure leads. */
  readonly to?: string;
}): ReactNode {
  const figure = <Statistic title={title} value={value} styles={bad ? { content: { color: '#dc2626' } } : {}} />;
  return <Card size="small">{to === undefined ? figure : <Link to={to}>{figure}</Link>}</Card>;
}

/** Bars of the day's hours; failures in red at the foot. */
function Bars({ hours }: { readonly hours: Data['hours'] }): ReactNode {
  const t = useT();
  const top = Math.max(1, ...hours.map((hour) => hour.paid));
  return (
    <>
      <svg
        viewBox="0 0 480 120"
        className="chart"
        role="img"
        aria-label={t('每小时付款订单与失败数', 'Orders paid and failed per hour')}
        preserveAspectRatio="none"
      >
        {hours.map(({ hour, paid, failed }) => {
          const height = (paid / top) * 112;
          const red = (failed / top) * 112;
          return (
            <g key={hour}>
              <title>{`${hour}:00 · ${t('付款', 'paid')} ${paid} · ${t('失败', 'failed')} ${failed}`}</title>
              <rect x={hour * 20 + 2} y={0} width={16} height={120} fill="transparent" />
              <rect x={hour * 20 + 2} y={120 - height} width={16} height={height} fill="var(--brand)" rx={2} />
              <rect x={hour * 20 + 2} y={120 - red} width={16} height={red} fill="#dc2626" />
            </g>
          );
        })}
      </svg>
      <div className="axis">
        {[0, 6, 12, 18, 24].map((hour) => (
          <span key={hour}>{hour}:00</span>
        ))}
      </div>
    </>
  );
}

/** The failure rate of each hour, with the line that it shall stay below. */
function Rates({ hours, limit }: { readonly hours: Data['hours']; readonly limit: number }): ReactNode {
  const t = useT();
  const rates = hours.map(({ hour, paid, failed }) => ({ hour, rate: paid === 0 ? 0 : (failed / paid) * 10_000 }));
  const top = Math.max(limit * 2.5, ...rates.map(({ rate }) => rate));
  const y = (rate: number): number => 60 - (rate / top) * 56;
  return (
    <>
      <div className="mute small">
        {t(`每小时失败率，虚线为 ${percent(limit)}`, `Failure rate by the hour; the dashes are ${percent(limit)}`)}
      </div>
      <svg
        viewBox="0 0 480 60"
        className="chart low"
        role="img"
        aria-label={t('每小时失败率', 'Failure rate by the hour')}
        preserveAspectRatio="none"
      >
        <line
          x1={0}
          x2={480}
          y1={y(limit)}
          y2={y(limit)}
          stroke="#b45309"
          strokeDasharray="6 4"
          vectorEffect="non-scaling-stroke"
        />
        {rates.map(({ hour, rate }) => (
          <g key={hour}>
            <title>{`${hour}:00 · ${percent(Math.round(rate))}`}</title>
            <rect
              x={hour * 20 + 2}
              y={y(rate)}
              width={16}
              height={60 - y(rate)}
              fill={rate > limit ? '#dc2626' : 'var(--brand)'}
            />
          </g>
        ))}
      </svg>
    </>
  );
}
