/** The whole table. */
export * as consoleOrders from './console-orders.ts';
export * as consoleOverview from './console-overview.ts';
export * as consoleSession from './console-session.ts';
export * as consoleAccounts from './console-accounts.ts';
export * as consolePayments from './console-payments.ts';
export * as consoleStaff from './console-staff.ts';
export * as consoleMethods from './console-methods.ts';
export * as consolePurchases from './console-purchases.ts';
export * as consoleSuppliers from './console-suppliers.ts';
export * as consoleGoods from './console-goods.ts';
export * as consoleChannels from './console-channels.ts';
export * as consoleDelivery from './console-delivery.ts';
export * as consoleRules from './console-rules.ts';
export * as consoleWork from './console-work.ts';
export * as consoleImports from './console-imports.ts';
export * as ops from './ops.ts';
export * as shop from './shop.ts';
export type { Route, Scope } from './route.ts';
