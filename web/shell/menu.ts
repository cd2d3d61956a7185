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
      { path: '/queue', zh: '人工处理', en: 'Queue', icon: 'bell', right: 'orders.read' },
      { path: '/manual', zh: '手动发货', en: 'By hand', icon: 'hand', right: 'orders.act' },
    ],
  },
  {
    zh: '商品',
    en: 'Goods',
    items: [
      { path: '/products', zh: '商品', en: 'Products', icon: 'box', right: 'products.read' },
      { path: '/cards', zh: '卡密池', en: 'Keys', icon: 'key', right: 'products.read' },
      { path: '/suppliers', zh: '供应商', en: 'Suppliers', icon: 'truck', right: 'suppliers.read' },
    ],
  },
  {
    zh: '发货',
    en: 'Delivery',
    items: [
      { path: '/payments', zh: '收款账户', en: 'Payments', icon: 'card', right: 'payments.read' },
      { path: '/rules', zh: '异常规则', en: 'Rules', icon: 'rule', right: 'orders.read' },
      { path: '/test-order', zh: '测试订单', en: 'Test order', icon: 'flask', right: 'orders.act' },
      { path: '/failures', zh: '失败分析', en: 'Failures', icon: 'chart', right: 'stats.read' },
    ],
  },
  {
    zh: '管理',
    en: 'Administration',
    items: [
      { path: '/settings', zh: '设置', en: 'Settings', icon: 'gear', right: 'orders.read' },
      { path: '/channels', zh: '通知渠道', en: 'Channels', icon: 'chat', right: 'settings.edit' },
      { path: '/staff', zh: '员工与权限', en: 'Staff', icon: 'people', right: 'staff.manage' },
      { path: '/audit', zh: '审计', en: 'Audit', icon: 'shield', right: 'audit.read' },
      { path: '/me', zh: '我的账号', en: 'My account', icon: 'user' },
    ],
  },
];
