/** The screens, in the order of a working day, each with the right that opens it. */
import type { IconName } from '../ui/icons.tsx';
import type { Right } from './session.ts';

export interface MenuItem {
  readonly path: string;
  readonly zh: string;
  readonly en: string;
  readonly icon: IconName;
  readonly right?: Right;
}
export interface MenuGroup {
  readonly zh: string;
  readonly en: string;
  readonly items: readonly MenuItem[];
}

export const menu: readonly MenuGroup[] = [
  {
    zh: '日常',
    en: 'Daily',
    items: [
      { path: '/', zh: '首页', en: 'Home', icon: 'home' },
      { path: '/monitor', zh: '发货监控', en: 'Monitor', icon: 'pulse', right: 'stats.read' },
      { path: '/orders', zh: '订单日志', en: 'Orders', icon: 'list', right: 'orders.read' },
    ],
  },
  {
    zh: '分析',
    en: 'Analysis',
    items: [{ path: '/failures', zh: '失败分析', en: 'Failures', icon: 'chart', right: 'stats.read' }],
  },
  {
    zh: '管理',
    en: 'Administration',
    items: [
      { path: '/staff', zh: '员工与权限', en: 'Staff', icon: 'people', right: 'staff.manage' },
      { path: '/audit', zh: '审计', en: 'Audit', icon: 'shield', right: 'audit.read' },
      { path: '/me', zh: '我的账号', en: 'My account', icon: 'user' },
    ],
  },
];
