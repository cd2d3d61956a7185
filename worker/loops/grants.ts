/** Serves orders that wait for stock (rule 7), product by product. */
import type { Logger } from 'pino';
import { dueTurns, grantStock } from '../../db/grants.ts';
import { readSetting } from '../../db/settings.ts';
import type { Pool } from '../../db/sql.ts';
import { headMsOf } from '../../domain/settings.ts';

/** True if there may be more to give. `served` is called with how many orders were. */
export async function grantTurns(pool: Pool, log: Logger, served: (orders: number) => void): Promise<boolean> {
  const turns = await dueTurns(pool);
  if (turns.length === 0) return false;
  const headMs = headMsOf(await readSetting(pool, 'stock_line'));
  let more = false;
  for (const { productId, mode } of turns) {
    try {
      for (let again = true; again;) {
        const granted = await grantStock(pool, productId, mode, headMs);
        again = granted.more;
        if (granted.orders > 0) served(granted.orders);
      }
    } catch (error) {
      // Its turn stays: a lock that was not free now will be.
      log.warn({ product: productId, err: error }, 'a line was not served; it comes again');
      more = false;
    }
  }
  return more;
}
