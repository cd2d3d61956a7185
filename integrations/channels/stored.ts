/** The configuration of a channel as it is stored: sealed, bound to its id. */
import type { ChannelConfig } from './channel.ts';
import { secretAad, type Keyring } from '../keyring/keyring.ts';

export function openChannel(keyring: Keyring, stored: { readonly id: number; readonly config: Buffer }): ChannelConfig {
  return JSON.parse(keyring.open('secret', stored.config, secretAad('channels', stored.id)).toString('utf8')) as ChannelConfig; // prettier-ignore
}
