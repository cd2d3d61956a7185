/** Keys that a person typed: sealed and fingerprinted before anything else sees them (rule 2). */
import type { TypedCard } from '../../db/hand-delivery.ts';
import { cardAad, type Keyring } from '../../integrations/keyring/keyring.ts';

export function sealTyped(keyring: Keyring, productId: number, goods: readonly string[]): TypedCard[] {
  return goods.map((text) => {
    const fingerprint = keyring.fingerprint(`card:${productId}`, text);
    return { fingerprint, ciphertext: keyring.seal('card', text, cardAad(productId, fingerprint)) };
  });
}
