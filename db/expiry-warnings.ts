/** Keys that expire soon (D5): the operator is told before, once for each key and at most once a day for a product. */
import type { Mode } from '../domain/order.ts';
import { addNotice } from './notices.ts';
import { statement, transaction, type Pool } from './sql.ts';

interface Expiring {
  readonly productId: number;
  readonly mode: Mode;
  readonly keys: number;
  readonly soonest: Date;
  readonly latest: Date;
}

// `seq` begins with the minute of expiry, so the index of available keys gives those that expire soonest, and ends where
// the days do. Counting stops at 10,000: the rest is told the next day.
const expiring = statement<Expiring, [number]>(
  'expiry_due',
  `select p.id as "productId", m.mode, x.keys, x.soonest, x.latest
   from products p
   cross join (values ('live')) m (mode)
   left join expiry_warnings w on w.product_id = p.id and w.mode = m.mode
   cross join lateral (
     select count(*)::int as keys, min(expires_at) as soonest,
       date_trunc('milliseconds', max(expires_at)) + interval '1 millisecond' as latest
     from (select c.expires_at from cards c where c.product_id = p.id and c.mode = m.mode and c.state = 'available'
             and c.seq < ((extract(epoch from now() + $1 * interval '1 day') / 60)::bigint + 1) << 36
             and c.expires_at > now() and c.expires_at <= now() + $1 * interval '1 day'
             and (w.told_until is null or c.expires_at > w.told_until)
           order by c.seq limit 10000) soon
   ) x
   where p.state = 'on_sale' and x.keys > 0 and (w.told_at is null or w.told_at <= now() - interval '24 hours')
   limit 200`,
);
const keep = statement<{ mine: boolean }, [number, Mode, Date]>(
  'expiry_keep',
  `insert into expiry_warnings (product_id, mode, told_until) values ($1, $2, $3)
   on conflict (product_id, mode) do update set told_until = excluded.told_until, told_at = now()
     where expiry_warnings.told_at <= now() - interval '24 hours'
   returning true as mine`,
);
/** For the test that asserts the plan. */
export const expiringSql = expiring.text;

/** Tells about keys that expire within `days`; 0: never. Several processes may ask: each is told once. */
export async function warnAboutExpiry(pool: Pool, days: number): Promise<number> {
  if (days === 0) return 0;
  let told = 0;
  for (const { productId, mode, keys, soonest, latest } of await expiring(pool, [days])) {
    await transaction(pool, async (tx) => {
      if ((await keep(tx, [productId, mode, latest])).length === 0) return;
      told++;
      const detail = { keys, soonest: soonest.toISOString(), latest: latest.toISOString(), days };
      await addNotice(tx, { kind: 'expiring', audience: 'owner', code: 'KEYS_EXPIRING', productId, mode, detail });
    });
  }
  return told;
}
