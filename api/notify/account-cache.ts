/** Payment accounts with opened secrets, kept for seconds: a flood of forgeries must not reach the database. */
import { accountById } from '../../db/access.ts';
import { openAccount } from '../../integrations/payments/account.ts';
import type { ProviderAccount } from '../../integrations/payments/provider.ts';
import type { ApiDeps } from '../deps.ts';

const freshMs = 5_000;
const most = 1_000;

export interface AccountCache {
  /**
   * The account, or undefined; at most 5 s old. Also one that takes no new orders any more: what its buyers were already
   * sent to pay must not be lost.
   */
  get(id: number): Promise<ProviderAccount | undefined>;
}

export function createAccountCache({ pool, keyring }: Pick<ApiDeps, 'pool' | 'keyring'>): AccountCache {
  const entries = new Map<number, { until: number; account: Promise<ProviderAccount | undefined> }>();
  const load = async (id: number): Promise<ProviderAccount | undefined> => {
    const stored = await accountById(pool, id);
    return stored && openAccount(keyring, stored);
  };
  return {
    get(id) {
      const known = entries.get(id);
      if (known && known.until > performance.now()) return known.account;
      const account = load(id);
      if (entries.size >= most) entries.clear();
      entries.set(id, { until: performance.now() + freshMs, account });
      // A failed look-up is not an answer.
      account.catch(() => entries.delete(id));
      return account;
    },
  };
}
