/** A stored payment account with its secrets opened. */
import type { Mode } from '../../domain/order.ts';
import { secretAad, type Keyring } from '../keyring/keyring.ts';
import type { ProviderAccount } from './provider.ts';

/** Opens the sealed configuration, which is bound to the account's id: moved to another row it does not open. */
export function openAccount(
  keyring: Keyring,
  stored: { readonly id: number; readonly provider: string; readonly mode: Mode; readonly config: Buffer },
): ProviderAccount {
  const text = keyring.open('secret', stored.config, secretAad('payment_accounts', stored.id)).toString('utf8');
  return {
    id: stored.id,
    provider: stored.provider,
    mode: stored.mode,
    config: JSON.parse(text) as Record<string, string>,
  };
}

/** The configuration as it is stored. */
export function sealAccount(keyring: Keyring, id: number, config: Readonly<Record<string, string>>): Buffer {
  return keyring.seal('secret', JSON.stringify(config), secretAad('payment_accounts', id));
}
