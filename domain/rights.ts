/** What people of the console may do. A role is a named set of rights; custom roles are sets of their own (E6). */

export const rights = [
  'orders.read',
  'orders.act', // retry, deliver by hand, choose another source, hand over, close
  'orders.refund',
  'payments.read', // notifications and payments
  'payments.confirm', // 确认收款
  'payments.configure',
  'products.read',
  'products.edit', // products, templates, their imports
  'cards.import',
  'cards.reveal', // one key, with a reason
  'cards.export', // many keys
  'costs.read',
  'suppliers.read',
  'suppliers.configure',
  'rules.edit',
  'settings.edit', // settings and channels
  'shops.manage', // API keys and webhooks
  'stats.read',
  'audit.read',
  'staff.manage',
  'ops', // Temporal Web UI, codec server, mail page
] as const;
export type Right = (typeof rights)[number];

const reading = ['orders.read', 'payments.read', 'products.read', 'suppliers.read', 'stats.read'] as const;

/** 店主, 客服, 仓管, 只读. */
export const roles = {
  owner: rights,
  support: [...reading, 'orders.act'],
  warehouse: ['orders.read', 'products.read', 'products.edit', 'cards.import', 'costs.read', 'suppliers.read', 'stats.read'],
  viewer: reading,
} as const satisfies Record<string, readonly Right[]>; // prettier-ignore
export type Role = keyof typeof roles;
