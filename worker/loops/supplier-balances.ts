/** Asks suppliers for the money that is left, so that it does not run out unnoticed (E7). */
import type { ActivityDeps } from '../../activities/deps.ts';
import { recordCall } from '../../db/supplier-calls.ts';
import { dueBalances, keepBalance } from '../../db/supplier-balances.ts';
import { openSupplier } from '../../integrations/suppliers/account.ts';
import { openDesk } from '../../integrations/suppliers/desk.ts';

type BalanceDeps = Pick<ActivityDeps, 'pool' | 'keyring' | 'suppliers' | 'outbound' | 'log'>;

/** True if there may be more to ask. */
export async function readBalances(deps: BalanceDeps, batch = 10): Promise<boolean> {
  const due = await dueBalances(deps.pool, batch);
  await Promise.all(
    due.map(async (stored) => {
      const adapter = deps.suppliers.get(stored.kind);
      if (!adapter) return;
      const note = recordCall.bind(undefined, deps.pool);
      const desk = openDesk(adapter, openSupplier(deps.keyring, stored), deps.outbound, note);
      try {
        await keepBalance(deps.pool, stored.id, await desk.balance());
      } catch (error) {
        deps.log.info({ supplier: stored.id, err: error }, 'no balance from the supplier; asked again later');
      }
    }),
  );
  return due.length === batch;
}
