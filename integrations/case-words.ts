/** What is said in a case, sealed to it like a buyer's contact: people write addresses and account numbers there. */
import { caseAad } from './keyring/aad.ts';
import type { Keyring } from './keyring/keyring.ts';

export function sealWords(keyring: Keyring, caseNo: string, text: string): Buffer {
  return keyring.seal('contact', text, caseAad(caseNo));
}

export function openWords(keyring: Keyring, caseNo: string, sealed: Buffer): string {
  return keyring.open('contact', sealed, caseAad(caseNo)).toString('utf8');
}
