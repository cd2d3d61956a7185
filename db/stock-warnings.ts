/** 库存预警 (D7): one warning per crossing of the threshold, reminders until restocked, with a forecast. */
import type { Mode } from '../domain/order.ts';
import { addNotice } from './notices.ts';
import { statement, transaction, type Pool } from './sql.ts';

interface Crossing {
  readonly productId: number;
  readonly mode: Mode;
  readonly available: number;
  /** Sold in the last 24 hours. */
  readonly sold: number;
  readonly what: 'low' | 'remind' | 'restocked';
}

// Counting stops one above the threshold, so a pool of a million costs nothing. Live pools that were ever filled, of
// products on sale that live on a pool.
const crossings = statement<Crossing, [number]>(
  'stock_crossings',
  `select p.id as "productId", m.mode, l.n as available, w.product_id is null as fresh,
     case when w.product_id is null then 'low' when l.n > t.threshold then 'restocked' else 'remind' end as what,
     case when p.card_use = 'loop' then 0 else (select count(*)::int from cards c where c.product_id = p.id and c.mode = m.mode
        and c.state = 'sold' and c.sold_at > now() - interval '24 hours') end as sold
   from products p
   cross join (values ('live')) m (mode)
   -- 循环卡密 is never used up: one is enough.
   cross join lateral (select case when p.card_use = 'loop' then least(coalesce(p.warn_below, $1), 1) else coalesce(p.warn_below, $1) end as threshold) t
   cross join lateral (
     select count(*)::int as n from (select from cards c where c.product_id = p.id and c.mode = m.mode and c.state = 'available'
                                       and (c.expires_at is null or c.expires_at > now()) limit t.threshold + 1) x
   ) l
   left join stock_warnings w on w.product_id = p.id and w.mode = m.mode
   where p.kind = 'card' and p.state = 'on_sale'
     and exists (select from cards c where c.product_id = p.id and c.mode = m.mode)
     and case when w.product_id is null then l.n < t.threshold else l.n >= t.threshold or w.remind_at <= now() end
   limit 200`,
);
const keep = statement<{ mine: boolean }, [number, Mode, number]>(
  'stock_warning_keep',
  `insert into stock_warnings (product_id, mode, remind_at) values ($1, $2, now() + $3 * interval '1 hour')
   on conflict (product_id, mode) do update set remind_at = excluded.remind_at where stock_warnings.remind_at <= now()
   returning true as mine`,
);
const drop = statement<{ mine: boolean }, [number, Mode]>(
  'stock_warning_drop',
  'delete from stock_warnings where product_id = $1 and mode = $2 returning true as mine',
);

/** Hours until the pool is empty at the rate of the last day; undefined if nothing was sold. */
export function emptyInHours(available: number, soldInADay: number): number | undefined {
  return soldInADay === 0 ? undefined : Math.max(0, Math.round((available / soldInADay) * 24));
}

/** Tells about products whose stock crossed their threshold. Several processes may ask: each crossing is told once. */
export async function warnAboutStock(pool: Pool, setting: { threshold: number; remindHours: number }): Promise<number> {
  let told = 0;
  for (const { productId, mode, available, sold, what } of await crossings(pool, [setting.threshold])) {
    await transaction(pool, async (tx) => {
      const rows = what === 'restocked' ? await drop(tx, [productId, mode]) : await keep(tx, [productId, mode, setting.remindHours]); // prettier-ignore
      if (rows.length === 0) return;
      told++;
      const hours = emptyInHours(available, sold);
      const detail = { available, soldInADay: sold, reminder: what === 'remind', ...(hours !== undefined && { emptyInHours: hours }) }; // prettier-ignore
      await addNotice(tx, { kind: what === 'restocked' ? 'restocked' : 'stock', audience: 'owner', code: 'STOCK_LOW', productId, mode, detail }); // prettier-ignore
    });
  }
  return told;
}
