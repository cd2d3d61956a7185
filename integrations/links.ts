/** Addresses that are goods: checked, sealed to their place, and given to the buyer directly or behind our door. */
import { createHash, randomBytes } from 'node:crypto';
import { cardAad, doorAad, linkAad } from './keyring/aad.ts';
import type { Keyring } from './keyring/keyring.ts';

/** True for an address that may be sold: https, no login inside it. */
export function isSellable(address: string): boolean {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return url?.protocol === 'https:' && url.username === '' && url.password === '' && address.length <= 2_000;
}

export function sealProductLink(keyring: Keyring, productId: number, mode: string, address: string): Buffer {
  return keyring.seal('card', address, linkAad(productId, mode));
}

export function openProductLink(keyring: Keyring, productId: number, mode: string, sealed: Buffer): string {
  return keyring.open('card', sealed, linkAad(productId, mode)).toString('utf8');
}

export function openDoorTarget(keyring: Keyring, orderId: number, sealed: Buffer): string {
  return keyring.open('card', sealed, doorAad(orderId)).toString('utf8');
}

interface LinkOrder {
  readonly id: number;
  readonly no: string;
  readonly productId: number;
}

/** As the buyer gets it. The fingerprint is the order's own: the same address is sold many times. */
function asCard(keyring: Keyring, order: LinkOrder, text: string): { ciphertext: Buffer; fingerprint: Buffer } {
  const fingerprint = keyring.fingerprint(`link:${order.no}`, text);
  return { fingerprint, ciphertext: keyring.seal('card', text, cardAad(order.productId, fingerprint)) };
}

/** The address itself. */
export function plainLink(keyring: Keyring, order: LinkOrder, address: string): ReturnType<typeof asCard> {
  return asCard(keyring, order, address);
}

/** A token of 128 bits that opens our door to the address; only its digest is kept beside it. */
export function signedLink(
  keyring: Keyring,
  order: LinkOrder,
  address: string,
  publicUrl: string,
): ReturnType<typeof asCard> & { tokenHash: Buffer; target: Buffer } {
  const token = randomBytes(16).toString('base64url');
  return {
    ...asCard(keyring, order, `${publicUrl}/d/${token}`),
    tokenHash: createHash('sha256').update(token).digest(),
    target: keyring.seal('card', address, doorAad(order.id)),
  };
}
