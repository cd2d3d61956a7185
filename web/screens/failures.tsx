/** 失败分析: why deliveries failed, of which products and suppliers, over time, and what to do. */
import { Card, Segmented, Statistic } from 'antd';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useRead } from '../api/hooks.ts';
import { useI18n } from '../i18n.tsx';
import { useFilters } from '../ui/filters.ts';
import { Page } from '../ui/page.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { ReasonText } from '../ui/status.tsx';
import { percent } from './dashboard.tsx';

export function FailuresScreen(): ReactNode {
  const { t, language } = useI18n();
  const { filters, set } = useFilters();
  const days = Number(filters['days'] ?? 7);
  const data = useRead('/api/console/failures', { query: { days } });
  return (
    <Page
      title={t('失败分析', 'Failures')}
      why={t(
        '付款后因故障转人工，或超过承诺时间（默认 60 秒，商品可单独设置）仍未发货的正式订单。',
        'Live orders that needed a person by a failure, or missed their promise: 60 seconds, or the product’s own.',
      )}
      actions={
        <Segmented<number>
          value={days}
          onChange={(value) => set({ days: String(value) })}
          options={[1, 7, 30, 90].map((value) => ({
            value,
            label: value === 1 ? t('今天', 'Today') : t(`${value} 天`, `${value} days`),
          }))}
        />
      }
    >
      <Loaded of={data}>
        {(d) => (
          <>
            <div className="tiles">
              <Card size="small">
                <Statistic title={t('付款订单', 'Paid')} value={d.paid} />
              </Card>
              <Card size="small">
                <Statistic title={t('失败', 'Failed')} value={d.failed} />
              </Card>
              <Card size="small">
                <Statistic title={t('失败率', 'Rate')} value={percent(d.rate)} />
              </Card>
            </div>
            {d.reasons.length === 0 && <EmptyState what={t('这段时间没有发货失败', 'No failures in this time')} />}
            {d.reasons.map((row) => (
              <Card
                key={row.reason.code}
                size="small"
                title={<ReasonText reason={row.reason} />}
                extra={t(`${row.count} 单`, `${row.count} orders`)}
              >
                <div className="stack">
                  <div>
                    <b>{t('怎么办', 'What to do')}</b>：{language === 'en' ? row.reason.en.next : row.reason.zh.next}
                  </div>
                  <Spark values={row.byDay} days={d.days} />
                  {row.suppliers.length > 0 && (
                    <div className="mute">
                      {t('供应商：', 'Suppliers: ')}
                      {row.suppliers.map((s) => `${s.name} (${s.count})`).join('、')}
                    </div>
                  )}
                  <div className="row">
                    {row.products.map((product) => (
                      <Link key={product.sku} to="/orders" search={{ sku: product.sku, reason: row.reason.code }}>
                        {product.name} ({product.count})
                      </Link>
                    ))}
                  </div>
                </div>
              </Card>
            ))}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Spark({ values, days }: { readonly values: readonly number[]; readonly days: readonly string[] }): ReactNode {
  const top = Math.max(1, ...values);
  const width = 480 / values.length;
  return (
    <svg viewBox="0 0 480 40" className="spark" preserveAspectRatio="none" role="img" aria-label={values.join(', ')}>
      {values.map((value, i) => (
        <g key={days[i]}>
          <title>{`${days[i] ?? ''}: ${value}`}</title>
          <rect
            x={i * width + 1}
            y={40 - (value / top) * 38}
            width={Math.max(1, width - 2)}
            height={(value / top) * 38}
            fill="#dc2626"
          />
        </g>
      ))}
    </svg>
  );
}
