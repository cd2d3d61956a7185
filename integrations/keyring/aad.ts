/**
 * What sealed bytes are bound to. Each is bound to its row, so bytes that were moved to another row do not open; the
 * rotation of keys binds them anew to the same.
 */
import type { SealedPlace } from '../../domain/sealed-places.ts';

/** A card binds product and its own fingerprint (unique per product; ids are unknown at bulk insert). */
export const cardAad = (productId: number, fingerprint: Buffer): string => `card:${productId}:${fingerprint.toString('hex')}`; // prettier-ignore
/** What belongs to an order: contact, remark, pickup token, account to top up. */
export const contactAad = (orderNo: string): string => `contact:${orderNo}`;
/** Secrets of configuration. */
export const secretAad = (table: string, id: number): string => `secret:${table}:${id}`;
export const linkAad = (productId: number, mode: string): string => `link:${productId}:${mode}`;
export const doorAad = (orderId: number): string => `door:${orderId}`;
/** A delivery of a supplier that waits for people. */
export const heldAad = (purchaseId: number): string => `purchase:${purchaseId}`;
export const caseAad = (caseNo: string): string => `case:${caseNo}`;
/** A piece of an uploaded file. */
export const pieceAad = (importId: number, n: number): string => `import:${importId}:${n}`;
/** Checked lines of a key file. */
export const blockAad = (importId: number, n: number): string => `import-block:${importId}:${n}`;
/** The good rows of a product sheet. */
export const sheetAad = (importId: number): string => `import-sheet:${importId}`;

/** From the columns that a place is bound by, as its rows give them. */
type Bind = (bound: readonly string[]) => string;
const secret = (table: string): Bind => ([id]) => secretAad(table, Number(id)); // prettier-ignore
export const aadOfPlace: Readonly<Record<SealedPlace, Bind>> = {
  cards: ([product, fingerprint = '']) => cardAad(Number(product), Buffer.from(fingerprint, 'hex')),
  product_links: ([product, mode = '']) => linkAad(Number(product), mode),
  order_links: ([order]) => doorAad(Number(order)),
  purchases: ([id]) => heldAad(Number(id)),
  import_chunks: ([id, n]) => pieceAad(Number(id), Number(n)),
  import_blocks: ([id, n, kind]) => (kind === 'products' ? sheetAad(Number(id)) : blockAad(Number(id), Number(n))),
  orders: ([no = '']) => contactAad(no),
  case_messages: ([no = '']) => caseAad(no),
  shops: secret('shops'),
  payment_accounts: secret('payment_accounts'),
  supplier_accounts: secret('supplier_accounts'),
  channels: secret('channels'),
  object_stores: secret('object_stores'),
  staff: secret('staff'),
};
