/** A stored supplier account with its secrets opened. */
import type { Mode } from '../../domain/order.ts';
import { secretAad, type Keyring } from '../keyring/keyring.ts';
import type { ConfigField } from '../config-fields.ts';
import type { SupplierAccount } from './supplier.ts';

type Config = Readonly<Record<string, string>>;

/** Opens the sealed configuration, which is bound to the account's id: moved to another row it does not open. */
export function openSupplier(
  keyring: Keyring,
  stored: { id: number; kind: string; mode: Mode; currency: string; config: Buffer },
): SupplierAccount {
  const text = keyring.open('secret', stored.config, secretAad('supplier_accounts', stored.id)).toString('utf8');
  const { id, kind, mode, currency } = stored;
  return { id, kind, mode, currency, config: JSON.parse(text) as Config };
}

/** The configuration as it is stored. */
export function sealSupplier(keyring: Keyring, id: number, config: Config): Buffer {
  return keyring.seal('secret', JSON.stringify(config), secretAad('supplier_accounts', id));
}

/** What people may see of a configuration: secrets only by whether they are there. */
export function maskConfig(fields: readonly ConfigField[], config: Config): Record<string, string> {
  return Object.fromEntries(
    fields.map(({ key, secret }) => [key, secret && config[key] ? '••••••' : (config[key] ?? '')]),
  );
}

const originOf = (value = ''): string => (/^https?:/i.test(value) && URL.canParse(value) ? new URL(value).origin : '');

/**
 * A form comes back with secrets masked or left out: those keep their value. Not if an address is another one now: who
 * may change an address must not have secrets sent there that they cannot read.
 */
export function mergeConfig(fields: readonly ConfigField[], stored: Config, given: Config): Record<string, string> {
  const moved = fields.some((f) => !f.secret && originOf(given[f.key]) !== originOf(stored[f.key]));
  const old = moved ? {} : stored;
  const merged: Record<string, string> = {};
  for (const [key, value] of Object.entries(given)) {
    const field = fields.find((f) => f.key === key);
    const kept = field?.secret && (value === '' || /^•+$/.test(value));
    merged[key] = kept ? (old[key] ?? '') : value;
  }
  for (const { key, secret } of fields) {
    if (secret && !(key in given) && old[key] !== undefined) merged[key] = old[key];
  }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''));
}
