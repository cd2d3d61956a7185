/** Public names of things. Random bytes come from the caller: this folder does no I/O. */

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Gateways and suppliers see this pattern; the number opens nothing (rule 12). */
export const orderNoPattern = /^M\d{6}[0-9A-HJKMNP-TV-Z]{13}$/;

/** Random bytes that {@link makeOrderNo} wants: 65 random bits, so numbers cannot be walked. */
export const orderNoBytes = 13;

/** `M` + UTC date (YYMMDD, for people who sort) + 13 random Crockford characters. */
export function makeOrderNo(at: Date, random: Uint8Array): string {
  if (random.length !== orderNoBytes) throw new RangeError(`an order number takes ${orderNoBytes} random bytes`);
  const day = at.toISOString().slice(2, 10).replaceAll('-', '');
  return `M${day}${Array.from(random, (b) => crockford.charAt(b & 31)).join('')}`;
}

/** Our number of a refund, the provider's idempotency key: `R` and what follows in an order number. */
export function makeRefundNo(at: Date, random: Uint8Array): string {
  return `R${makeOrderNo(at, random).slice(1)}`;
}

/** One workflow per order: the id is indexed in clear by Temporal, so it holds the order number only. */
export function orderWorkflowId(orderNo: string): string {
  return `order-${orderNo}`;
}

/** The order number of a workflow id made by {@link orderWorkflowId}, or undefined. */
export function orderNoOf(workflowId: string): string | undefined {
  const no = workflowId.startsWith('order-') ? workflowId.slice(6) : '';
  return orderNoPattern.test(no) ? no : undefined;
}

/** The task queue of orders: workflows and their steps. */
export const ordersQueue = 'orders';

/** The task queue of imports: only worker processes listen to it. */
export const importsQueue = 'imports';

/** One workflow per import. */
export function importWorkflowId(importId: number): string {
  return `import-${importId}`;
}

/** A case (售后工单), made like an order's number; it opens nothing either. */
export const caseNoPattern = /^C\d{6}[0-9A-HJKMNP-TV-Z]{13}$/;

export function makeCaseNo(at: Date, random: Uint8Array): string {
  return `C${makeOrderNo(at, random).slice(1)}`;
}

export function caseWorkflowId(caseNo: string): string {
  return `case-${caseNo}`;
}
