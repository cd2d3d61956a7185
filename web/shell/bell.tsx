/** 站内信 in the header: how many are unread. */
import { Badge } from 'antd';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useRead } from '../api/hooks.ts';
import { useT } from '../i18n.tsx';
import { Icon } from '../ui/icons.tsx';
import { useMay } from './session.ts';

export function Bell(): ReactNode {
  const t = useT();
  const may = useMay();
  const notices = useRead('/api/console/notices', { query: { limit: 1 } }, { enabled: may('orders.read'), refetchInterval: 30_000 }); // prettier-ignore
  if (!may('orders.read')) return null;
  const unread = notices.data?.unread ?? 0;
  return (
    <Link to="/notices" aria-label={t(`站内信，${unread} 条未读`, `Messages, ${unread} unread`)}>
      <Badge count={unread} size="small" overflowCount={99} offset={[-8, 8]}>
        <span className="bell">
          <Icon name="bell" />
        </span>
      </Badge>
    </Link>
  );
}
