/** The orange bar: the shop has not gone live yet, or what is shown is of test mode. */
import { Link, useLocation } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useRead } from '../api/hooks.ts';
import { useT } from '../i18n.tsx';
import { useFilters } from '../ui/filters.ts';

export function Banner(): ReactNode {
  const t = useT();
  const { pathname } = useLocation();
  const { filters } = useFilters();
  const session = useRead('/api/console/session');
  const testing = pathname.endsWith('/test-order') || filters['mode'] === 'test';
  if (testing) {
    return (
      <div className="banner" role="status">
        {t(
          '测试模式：不会真实发货给买家，不收真钱，不计入统计',
          'Test mode: no real buyer, no real money, no statistics',
        )}
      </div>
    );
  }
  if (session.data?.live !== false) return null;
  return (
    <div className="banner" role="status">
      {t(
        '店铺尚未正式上线：买家还不能下单，只能下测试订单',
        'The shop has not gone live: buyers cannot order yet, only test orders go through',
      )}{' '}
      <Link to="/go-live">{t('上线检查', 'Check and go live')}</Link>
    </div>
  );
}
