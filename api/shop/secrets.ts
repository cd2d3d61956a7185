/** What a shop proves itself with, and what we prove ourselves with to it. 256 random bits each. */
import { randomBytes } from 'node:crypto';
import type { Mode } from '../../domain/order.ts';

export function newApiKey(mode: Mode): string {
  return `mf_${mode}_${randomBytes(32).toString('base64url')}`;
}
/** As Standard Webhooks writes them. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}
