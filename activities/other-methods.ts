/** Products that are not delivered from a pool or a supplier: links, and what people do by hand. */
import { waitFor, type PaidOrder } from '../db/delivery.ts';
import { deliverLink, productLink, type ProductLink } from '../db/links.ts';
import type { Transaction } from '../db/sql.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { deadlines } from '../domain/policy.ts';
import { openProductLink, plainLink, signedLink } from '../integrations/links.ts';
import type { ActivityDeps } from './deps.ts';
import type { Outcome } from './outcome.ts';

/** What becomes of the order by its own method; undefined if it is served from pool and suppliers. */
export async function otherMethod(deps: ActivityDeps, tx: Transaction, order: PaidOrder): Promise<Outcome | undefined> {
  if (order.missing <= 0) return undefined;
  if (order.kind === 'link') return link(deps, tx, order);
  if (order.kind !== 'manual') return undefined;
  return toPeople(tx, order, 'MANUAL_DELIVERY');
}

async function toPeople(tx: Transaction, order: PaidOrder, code: ErrorCode): Promise<Outcome> {
  await waitFor(tx, order, 'attention', code);
  return { next: 'wait', state: 'attention', code, forMs: deadlines.look };
}

async function link(deps: ActivityDeps, tx: Transaction, order: PaidOrder): Promise<Outcome> {
  // No quarantine: a link is not used up, so nothing can be sold again. Orders of before a restore wait for a person anyhow.
  const stored = await productLink(tx, order.productId, order.mode);
  if (!stored) return toPeople(tx, order, 'LINK_MISSING');
  const address = openProductLink(deps.keyring, order.productId, order.mode, stored.target);
  const { automatic, messages } = stored.signed
    ? await deliverLink(tx, order, signed(deps, order, address, stored))
    : await deliverLink(tx, order, plainLink(deps.keyring, order, address));
  if (!automatic) return toPeople(tx, order, 'AUTO_DELIVERY_OFF');
  return messages.length > 0 ? { next: 'tell', messages } : { next: 'end', state: 'delivered' };
}

function signed(
  deps: ActivityDeps,
  order: PaidOrder,
  address: string,
  { validMinutes, maxDownloads, storeId }: ProductLink,
): Parameters<typeof deliverLink>[2] {
  const { ciphertext, fingerprint, ...door } = signedLink(deps.keyring, order, address, deps.publicUrl);
  return { ciphertext, fingerprint, door: { ...door, validMinutes, maxDownloads, storeId } };
}
