/** What stands beside the switch 全局自动发货: who waits for it, and what had left before it was turned off. */
import { statement, type Queryable } from './sql.ts';

export interface SwitchState {
  readonly on: boolean;
  readonly waiting: number;
  readonly onSale: number;
  readonly total: number;
  readonly onTheWire: readonly { readonly orderNo: string; readonly supplier: string; readonly since: string }[];
}

const state = statement<SwitchState, []>(
  'switch_state',
  `select coalesce((select value = 'true'::jsonb from settings where key = 'auto_delivery'), true) as on,
     (select count(*)::int from (select from orders where state = 'attention' and failure_code = 'AUTO_DELIVERY_OFF' limit 100000) x) as waiting,
     (select count(*)::int from products where state = 'on_sale') as "onSale",
     (select count(*)::int from products) as total,
     coalesce((select jsonb_agg(jsonb_build_object('orderNo', w.no, 'supplier', w.name, 'since', w.created_at) order by w.created_at)
               from (select o.no, s.name, p.created_at from purchases p join orders o on o.id = p.order_id
                       join supplier_accounts s on s.id = p.supplier_id
                     where p.state in ('placing', 'accepted', 'unknown') order by p.created_at limit 200) w), '[]') as "onTheWire"`,
);
export async function switchState(db: Queryable): Promise<SwitchState> {
  const row = (await state(db, []))[0];
  if (!row) throw new Error('switch_state gave no row');
  return row;
}

const product = statement<{ policy: unknown; trigger: unknown }, [string]>(
  'product_delivery',
  'select policy, trigger from products where sku = $1',
);
const change = statement<{ id: number }, [string, string, string | null, number]>(
  'product_delivery_change',
  `with changed as (
     update products set policy = $2::jsonb, trigger = $3::jsonb, updated_at = now() where sku = $1 returning id
   ), noted as (
     insert into audit (actor_id, action, detail)
     select $4, 'product_delivery', jsonb_build_object('product', id, 'policy', $2::jsonb, 'trigger', $3::jsonb) from changed
   ) select id from changed`,
);
export async function productDelivery(
  db: Queryable,
  sku: string,
): Promise<{ policy: unknown; trigger: unknown } | undefined> {
  return (await product(db, [sku]))[0];
}
/** False if there is no such product. */
export async function changeProductDelivery(
  db: Queryable,
  sku: string,
  given: { readonly policy: object; readonly trigger: object | null },
  actorId: number,
): Promise<boolean> {
  const trigger = given.trigger && JSON.stringify(given.trigger);
  return (await change(db, [sku, JSON.stringify(given.policy), trigger, actorId])).length > 0;
}
