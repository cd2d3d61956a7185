/**
 * Whether the shop has gone live: a person said so, or a live order was paid (a shop that sold before this was asked).
 * Money of orders that are not ours, such as the cent of the callback check, opens no shop.
 */
import { statement, type Queryable } from './sql.ts';

const read = statement<{ at: Date | null }, []>(
  'live_since',
  `select coalesce((select updated_at from settings where key = 'went_live'),
     (select min(received_at) from (select received_at from payments where mode = 'live' and order_id is not null order by id limit 1) x)) as at`,
);
export async function liveSince(db: Queryable): Promise<Date | null> {
  return (await read(db, []))[0]?.at ?? null;
}

const go = statement<object, [number]>(
  'live_go',
  `with gone as (
     insert into settings (key, value) values ('went_live', 'true') on conflict (key) do nothing returning key
   )
   insert into audit (actor_id, action) select $1, 'went_live' from gone`,
);
/** The second person to say so changes nothing. */
export async function goLive(db: Queryable, by: number): Promise<void> {
  await go(db, [by]);
}
