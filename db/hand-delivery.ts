/**
 * Delivery by a person (手动发货, C4): allocation and release in the transaction of the action itself, without Temporal.
 * The caller holds the order's row and has checked its state.
 */
import { KnownError } from '../domain/errors.ts';
import type { Mode } from '../domain/order.ts';
import type { CardUse } from '../domain/product.ts';
import { advisory } from './locks.ts';
import { pickCards, pickChosen, pickLoop, takeParts } from './pick.ts';
import { releaseParts } from './release.ts';
import { one, statement, type Transaction } from './sql.ts';

export interface HandOrder {
  readonly id: number;
  readonly productId: number;
  readonly mode: Mode;
  /** Pieces that are not there yet. */
  readonly missing: number;
  readonly quarantined: boolean;
  readonly cardUse: CardUse;
  /** One line may stand for the whole quantity: a receipt, not pieces. */
  readonly whole: boolean;
}

/** A key that a person typed, sealed by the API before anything else saw it. */
export interface TypedCard {
  readonly ciphertext: Buffer;
  readonly fingerprint: Buffer;
}

type PoolParams = [number, number, Mode, number, number];
const handText = (use: CardUse): string => {
  const pool = { product: '$2', mode: '$3' };
  const picked = {
    single: pickCards({ ...pool, limit: '$4' }, 'for update'),
    loop: pickLoop({ ...pool, limit: 'least($4, 1)' }, 'for update'),
    chosen: pickChosen({ ...pool, order: '$1' }),
  }[use];
  return `with picked as materialized (
     ${picked}
   ), enough as materialized (select count(*) = ${use === 'loop' ? 'least($4, 1)' : '$4'} as ok, count(*)::int as found from picked
   ), ${takeParts(use, '$1', '$4')}, ${releaseParts('$5::bigint', `'{"by":"hand","from":"pool"}'::jsonb`, use)}
   select found, ok from enough`;
};
const fromPool = {
  single: statement<{ found: number; ok: boolean }, PoolParams>('hand_from_pool', handText('single')),
  loop: statement<{ found: number; ok: boolean }, PoolParams>('hand_from_pool_loop', handText('loop')),
  chosen: statement<{ found: number; ok: boolean }, PoolParams>('hand_from_pool_chosen', handText('chosen')),
};

/** From the own pool, past the line and the switch: a person decided. Throws POOL_TOO_FEW with what there is. */
export async function deliverFromPool(tx: Transaction, order: HandOrder, actorId: number): Promise<void> {
  if (order.quarantined) throw new KnownError('POOL_QUARANTINED');
  // Those who merely hold locks are waited for: "too few" is true (rule 6).
  await tx.query('select pg_advisory_xact_lock($1, $2)', [advisory.product, order.productId]);
  const { found, ok } = one(
    await fromPool[order.cardUse](tx, [order.id, order.productId, order.mode, order.missing, actorId]),
  );
  if (!ok) throw new KnownError('POOL_TOO_FEW', { wanted: order.missing, found });
}

const known = statement<{ id: number; fingerprint: Buffer; usable: boolean }, [number, Buffer[], Mode, number]>(
  'hand_known',
  `select id, fingerprint, mode = $3 and (state = 'available' or (state = 'held' and order_id = $4)) as usable from cards
   where product_id = $1 and fingerprint = any ($2::bytea[]) for update`,
);
const typed = statement<{ cards: number }, [number, number, Mode, number, number[], Buffer[], Buffer[], string]>(
  'hand_typed',
  `with batch as (
     insert into card_batches (product_id, mode, source, note, actor_id)
     select $2, $3, 'by hand', $8, $4 where cardinality($6::bytea[]) > 0 returning id
   ), fresh as (
     insert into cards (product_id, batch_id, mode, ciphertext, fingerprint, state, order_id, sold_at)
     select $2, batch.id, $3, t.c, t.f, 'sold', $1, now() from batch, unnest($6::bytea[], $7::bytea[]) as t (c, f) returning id
   ), found as (
     update cards set state = 'sold', order_id = $1, sold_at = now(), held_until = null
     where id = any ($5::bigint[]) and state in ('available', 'held') returning id
   ), given as (select id from fresh union all select id from found
   ), ready as (
     select $1::bigint as order_id, count(*)::int as cards from given
   ), ${releaseParts('$4::bigint', `'{"by":"hand","from":"typed"}'::jsonb`)}
   select cards from ready`,
);
const typedLoop = statement<{ cards: number }, [number, number, number]>(
  'hand_typed_loop',
  `with ready as (
     select $1::bigint as order_id, 1 as cards, $3::bigint as loop_card_id
   ), ${releaseParts('$2::bigint', `'{"by":"hand","from":"typed"}'::jsonb`, 'loop')}
   select cards from ready`,
);

/**
 * With keys that were typed. One that stands in the pool is taken from there; one that was sold or made void before is
 * refused, with its place in the list and never with its text.
 */
export async function deliverTyped(
  tx: Transaction,
  order: HandOrder,
  given: readonly TypedCard[],
  actor: { readonly id: number; readonly note: string },
): Promise<void> {
  if (given.length !== order.missing && !(order.whole && given.length === 1))
    throw new KnownError('GOODS_COUNT', { wanted: order.missing, given: given.length });
  const names = given.map((card) => card.fingerprint.toString('hex'));
  const twice = names.flatMap((name, i) => (names.indexOf(name) < i ? [i + 1] : []));
  if (twice.length > 0) throw new KnownError('KEY_TWICE', { entries: twice });
  const rows = await known(tx, [order.productId, given.map((card) => card.fingerprint), order.mode, order.id]); // prettier-ignore
  const seen = new Map(rows.map((row) => [row.fingerprint.toString('hex'), row]));
  const used = names.flatMap((name, i) => (seen.get(name)?.usable === false ? [i + 1] : []));
  if (used.length > 0) throw new KnownError('KEY_ALREADY_USED', { entries: used });
  // 循环卡密 that somebody typed stays in the pool for the others.
  if (order.cardUse === 'loop' && rows[0]) {
    await typedLoop(tx, [order.id, actor.id, rows[0].id]);
    return;
  }
  const fresh = given.filter((_, i) => !seen.has(names[i] ?? ''));
  const { cards } = one(
    await typed(tx, [
      order.id,
      order.productId,
      order.mode,
      actor.id,
      rows.map((row) => row.id),
      fresh.map((card) => card.ciphertext),
      fresh.map((card) => card.fingerprint),
      actor.note.slice(0, 200),
    ]),
  );
  if (cards !== given.length) throw new Error('a card that was locked was not given');
}
