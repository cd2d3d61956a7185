/** Keys that a person typed: sealed and fingerprinted before anything else sees them (rule 2). */
import type { TypedCard } from '../../db/hand-delivery.ts';
import type { ProductKind } from '../../domain/product.ts';
import { cardAad, type Keyring } from '../../integrations/keyring/keyring.ts';

/**
 * Keys are known by their text, so that none is given twice. What people write for a top-up, a link or goods by hand is no
 * key: the same words may be given to many buyers, so those are known by their order, too.
 */
export function sealTyped(
  keyring: Keyring,
  product: { readonly id: number; readonly kind: ProductKind },
  orderNo: string,
  goods: readonly string[],
): TypedCard[] {
  const productId = product.id;
  const known = product.kind === 'card' || product.kind === 'supplier' ? `card:${productId}` : `typed:${orderNo}`;
  return goods.map((text, i) => {
    const fingerprint = keyring.fingerprint(known, known.startsWith('card:') ? text : `${i}:${text}`);
    return { fingerprint, ciphertext: keyring.seal('card', text, cardAad(productId, fingerprint)) };
  });
}
