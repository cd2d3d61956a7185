/** What a buyer must say for a top-up (直充). */
import { statement, type Queryable } from './sql.ts';

export interface TopUp {
  readonly labelZh: string;
  readonly labelEn: string;
  readonly pattern: string;
  readonly example: string;
}

const read = statement<TopUp, [number]>(
  'topup_read',
  `select label_zh as "labelZh", label_en as "labelEn", pattern, example from product_topups where product_id = $1`,
);
const write = statement<object, [number, string, string, string, string, number]>(
  'topup_write',
  `with kept as (
     insert into product_topups (product_id, label_zh, label_en, pattern, example) values ($1, $2, $3, $4, $5)
     on conflict (product_id) do update set label_zh = excluded.label_zh, label_en = excluded.label_en,
       pattern = excluded.pattern, example = excluded.example, updated_at = now()
   )
   insert into audit (actor_id, action, detail) values ($6, 'topup_changed', jsonb_build_object('product', $1::bigint))`,
);

export async function topUpOf(db: Queryable, productId: number): Promise<TopUp | undefined> {
  return (await read(db, [productId]))[0];
}

export async function writeTopUp(db: Queryable, productId: number, t: TopUp, actorId: number): Promise<void> {
  await write(db, [productId, t.labelZh, t.labelEn, t.pattern, t.example, actorId]);
}
