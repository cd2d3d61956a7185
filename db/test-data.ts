/** Clearing away after tests. Facts stay: orders are closed, keys become void; nothing of live mode is touched. */
import { statement, transaction, type Pool } from './sql.ts';

const openOrders = statement<{ no: string }, []>(
  'test_orders_open',
  `select no from orders where mode = 'test' and state not in ('delivered', 'refunded', 'closed') order by id limit 500`,
);
export async function openTestOrders(pool: Pool): Promise<string[]> {
  return (await openOrders(pool, [])).map((row) => row.no);
}

const voidCards = statement<{ cards: number }, [number]>(
  'test_cards_void',
  `with gone as (
     update cards set state = 'void' where id = any (array(
       select id from cards where mode = 'test' and state = 'available' limit 10000 for update skip locked)) returning id
   ), noted as (
     insert into audit (actor_id, action, detail) select $1, 'test_data_cleared', jsonb_build_object('cards', count(*)) from gone
   )
   select count(*)::int as cards from gone`,
);
/** Takes unsold test keys out of the pools; how many. */
export async function voidTestCards(pool: Pool, by: number): Promise<number> {
  return transaction(pool, async (tx) => (await voidCards(tx, [by]))[0]?.cards ?? 0);
}
