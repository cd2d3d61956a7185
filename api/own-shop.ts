/** Our own checkout is a shop like any other, but for its key: it has none. */
import { ensureShop, shopCaller, type ApiCaller } from '../db/access.ts';
import type { Pool } from '../db/sql.ts';
import type { Mode } from '../domain/order.ts';

export const ownShopName = '自有商城 / own checkout';

export async function ownShop(pool: Pool, mode: Mode): Promise<ApiCaller> {
  const id = await ensureShop(pool, ownShopName, null);
  const { shopId, actorId } = await shopCaller(pool, id);
  return { keyId: 0, shopId, actorId, mode, scopes: ['orders'], webhook: false, unnoted: false };
}
