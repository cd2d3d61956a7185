/**
 * The screens: one entry each, with its place in the menu, the right that opens it, and its chunk, which is loaded when
 * the screen is opened. The order is that of a working day.
 */
import { lazyRouteComponent as lazy } from '@tanstack/react-router';
import type { IconName } from '../ui/icons.tsx';
import type { Right } from './session.ts';

export interface MenuItem {
  readonly path: string;
  readonly zh: string;
  readonly en: string;
  readonly icon: IconName;
  readonly right?: Right;
  readonly screen: Screen;
}
export type Screen = ReturnType<typeof lazy>;
export interface MenuGroup {
  readonly zh: string;
  readonly en: string;
  readonly items: readonly MenuItem[];
}

// prettier-ignore
export const menu: readonly MenuGroup[] = [
  {
    zh: '日常',
    en: 'Daily',
    items: [
      { path: '/', zh: '首页', en: 'Home', icon: 'home', screen: lazy(() => import('../screens/home.tsx'), 'HomeScreen') },
      { path: '/monitor', zh: '发货监控', en: 'Monitor', icon: 'pulse', right: 'stats.read', screen: lazy(() => import('../screens/dashboard.tsx'), 'DashboardScreen') },
      { path: '/orders', zh: '订单日志', en: 'Orders', icon: 'list', right: 'orders.read', screen: lazy(() => import('../screens/orders.tsx'), 'OrdersScreen') },
      { path: '/queue', zh: '人工处理', en: 'Queue', icon: 'bell', right: 'orders.read', screen: lazy(() => import('../screens/queue.tsx'), 'QueueScreen') },
      { path: '/manual', zh: '手动发货', en: 'By hand', icon: 'hand', right: 'orders.act', screen: lazy(() => import('../screens/manual.tsx'), 'ManualScreen') },
    ],
  },
  {
    zh: '商品',
    en: 'Goods',
    items: [
      { path: '/products', zh: '商品', en: 'Products', icon: 'box', right: 'products.read', screen: lazy(() => import('../screens/products.tsx'), 'ProductsScreen') },
      { path: '/cards', zh: '卡密池', en: 'Keys', icon: 'key', right: 'products.read', screen: lazy(() => import('../screens/cards.tsx'), 'CardsScreen') },
      { path: '/suppliers', zh: '供应商', en: 'Suppliers', icon: 'truck', right: 'suppliers.read', screen: lazy(() => import('../screens/suppliers.tsx'), 'SuppliersScreen') },
    ],
  },
  {
    zh: '收款',
    en: 'Money',
    items: [
      { path: '/received', zh: '付款记录', en: 'Payments', icon: 'money', right: 'payments.read', screen: lazy(() => import('../screens/received.tsx'), 'ReceivedScreen') },
      { path: '/refunds', zh: '退款', en: 'Refunds', icon: 'refresh', right: 'payments.read', screen: lazy(() => import('../screens/refunds.tsx'), 'RefundsScreen') },
      { path: '/notifications', zh: '支付回调日志', en: 'Notifications', icon: 'log', right: 'payments.read', screen: lazy(() => import('../screens/notifications.tsx'), 'NotificationsScreen') },
      { path: '/payments', zh: '收款账户', en: 'Accounts', icon: 'card', right: 'payments.read', screen: lazy(() => import('../screens/payments.tsx'), 'PaymentsScreen') },
    ],
  },
  {
    zh: '发货',
    en: 'Delivery',
    items: [
      { path: '/rules', zh: '异常规则', en: 'Rules', icon: 'rule', right: 'orders.read', screen: lazy(() => import('../screens/rules.tsx'), 'RulesScreen') },
      { path: '/test-order', zh: '测试订单', en: 'Test order', icon: 'flask', right: 'orders.act', screen: lazy(() => import('../screens/test-order.tsx'), 'TestOrderScreen') },
      { path: '/failures', zh: '失败分析', en: 'Failures', icon: 'chart', right: 'stats.read', screen: lazy(() => import('../screens/failures.tsx'), 'FailuresScreen') },
    ],
  },
  {
    zh: '管理',
    en: 'Administration',
    items: [
      { path: '/settings', zh: '设置', en: 'Settings', icon: 'gear', right: 'orders.read', screen: lazy(() => import('../screens/settings.tsx'), 'SettingsScreen') },
      { path: '/channels', zh: '通知渠道', en: 'Channels', icon: 'chat', right: 'settings.edit', screen: lazy(() => import('../screens/channels.tsx'), 'ChannelsScreen') },
      { path: '/shops', zh: '接口与回调', en: 'API', icon: 'bolt', right: 'shops.manage', screen: lazy(() => import('../screens/shops.tsx'), 'ShopsScreen') },
      { path: '/security', zh: '数据与加密', en: 'Data', icon: 'key', right: 'settings.edit', screen: lazy(() => import('../screens/security.tsx'), 'SecurityScreen') },
      { path: '/staff', zh: '员工与权限', en: 'Staff', icon: 'people', right: 'staff.manage', screen: lazy(() => import('../screens/staff.tsx'), 'StaffScreen') },
      { path: '/audit', zh: '审计', en: 'Audit', icon: 'shield', right: 'audit.read', screen: lazy(() => import('../screens/audit.tsx'), 'AuditScreen') },
      { path: '/me', zh: '我的账号', en: 'My account', icon: 'user', screen: lazy(() => import('../screens/me.tsx'), 'MeScreen') },
    ],
  },
];

/** Screens that other screens lead to. */
export const innerScreens: readonly Pick<MenuItem, 'path' | 'screen'>[] = [
  { path: '/go-live', screen: lazy(() => import('../screens/go-live.tsx'), 'GoLiveScreen') },
  { path: '/notices', screen: lazy(() => import('../screens/notices.tsx'), 'NoticesScreen') },
  { path: '/orders/$no', screen: lazy(() => import('../screens/order.tsx'), 'OrderScreen') },
];
