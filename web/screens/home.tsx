import type { ReactNode } from 'react';
import { useT } from '../i18n.tsx';
import { Page } from '../ui/page.tsx';

export function HomeScreen(): ReactNode {
  const t = useT();
  return <Page title={t('首页', 'Home')}>…</Page>;
}
