/** Keys of providers that change by themselves (微信支付's platform certificates): fetched anew every eleven hours. */
import type { ActivityDeps } from '../../activities/deps.ts';
import { keepKeys, keysAreFine, keysFailed, takeKeysDue } from '../../db/account-keys.ts';
import { openAccount, sealAccount } from '../../integrations/payments/account.ts';
import { GatewayRefused, QueryUnknown } from '../../integrations/payments/provider.ts';

type KeyDeps = Pick<ActivityDeps, 'pool' | 'keyring' | 'providers' | 'outbound' | 'log'>;

/** One account; true if there may be more. */
export async function refreshAccountKeys(deps: KeyDeps): Promise<boolean> {
  const { pool, keyring, providers, outbound, log } = deps;
  const able = [...providers.values()].filter((p) => p.refreshKeys !== undefined).map((p) => p.id);
  const due = await takeKeysDue(pool, able);
  if (!due) return false;
  const account = openAccount(keyring, due);
  try {
    const fresh = await providers.get(due.provider)?.refreshKeys?.(account, outbound);
    const changed = Object.keys(fresh ?? {}).filter((key) => fresh?.[key] !== account.config[key]);
    if (changed.length === 0) await keysAreFine(pool, due.id);
    else {
      await keepKeys(pool, due, sealAccount(keyring, due.id, { ...account.config, ...fresh }), changed);
      log.info({ account: due.id, fields: changed }, "a provider's keys were renewed");
    }
  } catch (error) {
    if (!(error instanceof QueryUnknown || error instanceof GatewayRefused)) throw error;
    await keysFailed(pool, due.id, error.message);
    log.warn({ account: due.id, err: error }, "a provider's keys could not be fetched; tried again in ten minutes");
  }
  return true;
}
