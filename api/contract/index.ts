/** The whole table. */
export * as ops from './ops.ts';
export * as shop from './shop.ts';
export type { Route, Scope } from './route.ts';
