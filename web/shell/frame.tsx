/** The frame around every screen: menu, header, and on a phone the bar at the bottom. */
import { Button, Drawer, Dropdown, Menu } from 'antd';
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';
import { useChange } from '../api/hooks.ts';
import { useI18n } from '../i18n.tsx';
import { useThemeChoice, type ThemeChoice } from '../theme.tsx';
import { Icon } from '../ui/icons.tsx';
import { Banner } from './banner.tsx';
import { Bell } from './bell.tsx';
import { LiveDot, LiveProvider } from './live.tsx';
import { menu, type MenuItem } from './menu.ts';
import { useMay, useMe } from './session.ts';
import { Shortcuts } from './shortcuts.tsx';

function useItems(): { groups: { label: string; items: MenuItem[] }[]; current: string } {
  const may = useMay();
  const { t } = useI18n();
  const { pathname } = useLocation();
  const groups = menu
    .map((group) => ({
      label: t(group.zh, group.en),
      items: group.items.filter((item) => item.right === undefined || may(item.right)),
    }))
    .filter((group) => group.items.length > 0);
  const all = groups.flatMap((group) => group.items);
  const current = all
    .filter((item) => pathname === item.path || (item.path !== '/' && pathname.startsWith(`${item.path}/`)))
    .sort((a, b) => b.path.length - a.path.length)[0];
  return { groups, current: current?.path ?? '' };
}

function SideMenu({ onGo }: { readonly onGo?: () => void }): ReactNode {
  const { groups, current } = useItems();
  const { t } = useI18n();
  const navigate = useNavigate();
  // The menu is longer than most windows: where one is, is seen.
  useEffect(() => {
    document.querySelector('.side .ant-menu-item-selected')?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  return (
    <Menu
      mode="inline"
      selectedKeys={[current]}
      items={groups.map((group) => ({
        type: 'group' as const,
        key: group.label,
        label: group.label,
        children: group.items.map((item) => ({
          key: item.path,
          icon: <Icon name={item.icon} />,
          label: <Link to={item.path}>{t(item.zh, item.en)}</Link>,
        })),
      }))}
      onClick={({ key }) => {
        void navigate({ to: key });
        onGo?.();
      }}
    />
  );
}

function AccountMenu(): ReactNode {
  const { t, language, setLanguage } = useI18n();
  const { choice, choose } = useThemeChoice();
  const me = useMe();
  const navigate = useNavigate();
  const signOut = useChange('delete', '/api/console/session');
  const theme = (value: ThemeChoice, zh: string, en: string): { key: string; label: string } => ({
    key: `theme:${value}`,
    label: `${choice === value ? '✓ ' : ''}${t(zh, en)}`,
  });
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        items: [
          { key: 'me', label: t('我的账号', 'My account') },
          { type: 'divider' },
          theme('system', '跟随系统', 'As the system'),
          theme('light', '浅色', 'Light'),
          theme('dark', '深色', 'Dark'),
          { type: 'divider' },
          { key: 'language', label: language === 'en' ? '中文' : 'English' },
          { type: 'divider' },
          { key: 'out', label: t('退出登录', 'Sign out') },
        ],
        onClick: ({ key }) => {
          if (key === 'me') void navigate({ to: '/me' });
          else if (key === 'language') setLanguage(language === 'en' ? 'zh-CN' : 'en');
          else if (key === 'out') signOut.mutate({});
          else choose(key.slice('theme:'.length) as ThemeChoice);
        },
      }}
    >
      <Button type="text" icon={<Icon name="user" />}>
        {me?.name}
      </Button>
    </Dropdown>
  );
}

function BottomBar({ more }: { readonly more: () => void }): ReactNode {
  const { groups, current } = useItems();
  const { t } = useI18n();
  const first = groups.flatMap((group) => group.items).slice(0, 4);
  return (
    <nav className="tabs-bottom" aria-label={t('主要页面', 'Main screens')}>
      {first.map((item) => (
        <Link key={item.path} to={item.path} aria-current={item.path === current ? 'page' : undefined}>
          <Icon name={item.icon} size={22} />
          {t(item.zh, item.en)}
        </Link>
      ))}
      <button
        type="button"
        onClick={more}
        aria-current={first.some((item) => item.path === current) ? undefined : 'page'}
      >
        <Icon name="menu" size={22} />
        {t('更多', 'More')}
      </button>
    </nav>
  );
}

export function Frame(): ReactNode {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  return (
    <LiveProvider>
      <div className="frame">
        <aside className="side">
          <div className="brand">
            <img src="/assets/mark.svg" width={28} height={28} alt="" />
            {t('秒发', 'Miaofa')}
          </div>
          <nav aria-label={t('菜单', 'Menu')}>
            <SideMenu />
          </nav>
        </aside>
        <div>
          <Banner />
          <header className="top">
            <LiveDot />
            <span className="grow" />
            <Bell />
            <AccountMenu />
          </header>
          <main className="page">
            <Outlet />
          </main>
        </div>
      </div>
      <Shortcuts />
      <BottomBar more={() => setOpen(true)} />
      <Drawer open={open} onClose={() => setOpen(false)} placement="left" size={280} title={t('菜单', 'Menu')}>
        <SideMenu onGo={() => setOpen(false)} />
      </Drawer>
    </LiveProvider>
  );
}
