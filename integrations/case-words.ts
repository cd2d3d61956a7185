/** What is said in a case, sealed to it like a buyer's contact: people write addresses and account numbers there. */
import type { Keyring } from './keyring/keyring.ts';

const aad = (caseNo: string): string => `case:${caseNo}`;

export function sealWords(keyring: Keyring, caseNo: string, text: string): Buffer {
  return keyring.seal('contact', text, aad(caseNo));
}

export function openWords(keyring: Keyring, caseNo: string, sealed: Buffer): string {
  return keyring.open('contact', sealed, aad(caseNo)).toString('utf8');
}
