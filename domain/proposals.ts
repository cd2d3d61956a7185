/** What to do about a reason, best first: the proposals beside a task. The words stand in the error catalogue. */
import { actionRules, type ActionKind } from './actions.ts';
import type { ErrorCode } from './errors.ts';
import type { OrderState } from './order.ts';

const byCode: Readonly<Partial<Record<ErrorCode, readonly ActionKind[]>>> = {
  POOL_EMPTY: ['deliver_by_hand', 'choose_source'],
  POOL_SHORT: ['deliver_by_hand', 'choose_source'],
  NUMBER_TAKEN: ['retry', 'deliver_by_hand', 'close'],
  STOCK_QUEUED: ['deliver_from_pool', 'deliver_by_hand'],
  AUTO_DELIVERY_OFF: ['deliver_from_pool', 'retry'],
  WAITING_CONFIRMATION: ['confirm_payment'],
  PAYMENT_UNCONFIRMED: ['retry', 'confirm_payment', 'close'],
  GATEWAY_SILENT: ['retry', 'confirm_payment'],
  GATEWAY_BAD_ANSWER: ['retry', 'confirm_payment'],
  EXCEPTION_RULE: ['retry', 'deliver_by_hand', 'close'],
  SUPPLIER_SILENT: ['retry', 'choose_source'],
  SUPPLIER_NO_STOCK: ['choose_source', 'retry', 'deliver_by_hand'],
  SUPPLIER_NO_BALANCE: ['retry', 'choose_source'],
  SUPPLIER_PRICE: ['choose_source', 'retry'],
  SUPPLIER_PRODUCT: ['choose_source', 'deliver_by_hand'],
  SUPPLIER_ACCOUNT: ['choose_source', 'retry'],
  SUPPLIER_SICK: ['choose_source', 'retry'],
  SUPPLIER_REJECTED: ['choose_source', 'deliver_by_hand'],
  MANUAL_DELIVERY: ['deliver_by_hand', 'close'],
  LINK_MISSING: ['retry', 'deliver_by_hand'],
  NO_SOURCE: ['deliver_by_hand', 'choose_source'],
  SOURCE_UNKNOWN: ['choose_source', 'deliver_by_hand'],
};
const anyway: readonly ActionKind[] = ['retry', 'deliver_from_pool', 'deliver_by_hand', 'close'];

/** Proposals that the order's state allows. */
export function proposalsFor(code: ErrorCode, state: OrderState): ActionKind[] {
  return [...new Set([...(byCode[code] ?? []), ...anyway])].filter((kind) => actionRules[kind].from.includes(state));
}
