/**
 * What the callback check calls at the public address: only this system knows the answer. Under `/notify/`, so that a
 * proxy that passes notifications passes this, and one that does not is found out.
 */
import express, { type Router } from 'express';
import type { Keyring } from '../../integrations/keyring/keyring.ts';
import type { ApiDeps } from '../deps.ts';

export const probePath = '/notify/probe';

/** 128 bits that follow from the nonce by a key of this installation. */
export function probeAnswer(keyring: Keyring, nonce: string): string {
  return keyring.fingerprint('callback-probe', nonce).toString('hex').slice(0, 32);
}

export function probeRouter({ keyring }: Pick<ApiDeps, 'keyring'>): Router {
  const router = express.Router();
  router.post(`${probePath}/:nonce`, (request, response) => {
    const { nonce } = request.params;
    if (/^[0-9a-f]{32}$/.test(nonce)) response.type('text/plain').send(probeAnswer(keyring, nonce));
    else response.status(404).end();
  });
  return router;
}
