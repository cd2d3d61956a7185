/** RSA key pairs of fakes: made once per process and name, because making one costs half a second. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';

const made = new Map<string, { readonly publicKey: KeyObject; readonly privateKey: KeyObject }>();

export function keyPair(name: string): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  let pair = made.get(name);
  if (!pair) made.set(name, (pair = generateKeyPairSync('rsa', { modulusLength: 2048 })));
  return pair;
}
