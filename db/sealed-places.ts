/** Where sealed bytes lie, as the rotation of keys walks them: by their key, some rows at a time. */
import type { SealedPlace } from '../domain/sealed-places.ts';
import { one, statement, type Queryable } from './sql.ts';

interface Place {
  /** Columns of the primary key with their types, in its order, and what lies before the first row. */
  readonly key: readonly (readonly [column: string, type: 'bigint' | 'int' | 'text', first: string])[];
  readonly columns: readonly string[];
  /** SQL (row `t`, text[]): what the bytes are bound to, as `integrations/keyring/aad.ts` reads it. */
  readonly bound: string;
  /** Rows at a time; fewer where one may be megabytes. */
  readonly rows?: number;
}

const byId = (columns: readonly string[], bound = 'array[t.id::text]'): Place => ({
  key: [['id', 'bigint', '0']],
  columns,
  bound,
});
const places: Readonly<Record<SealedPlace, Place>> = {
  cards: byId(['ciphertext'], `array[t.product_id::text, encode(t.fingerprint, 'hex')]`),
  product_links: {
    key: [
      ['product_id', 'bigint', '0'],
      ['mode', 'text', ''],
    ],
    columns: ['target'],
    bound: 'array[t.product_id::text, t.mode]',
  },
  order_links: { key: [['order_id', 'bigint', '0']], columns: ['target'], bound: 'array[t.order_id::text]' },
  purchases: { ...byId(['held']), rows: 20 },
  import_chunks: {
    key: [
      ['import_id', 'bigint', '0'],
      ['n', 'int', '-1'],
    ],
    columns: ['sealed'],
    bound: 'array[t.import_id::text, t.n::text]',
    rows: 2,
  },
  import_blocks: {
    key: [
      ['import_id', 'bigint', '0'],
      ['n', 'int', '-1'],
    ],
    columns: ['sealed'],
    bound: 'array[t.import_id::text, t.n::text, (select i.kind from imports i where i.id = t.import_id)]',
    rows: 4,
  },
  orders: byId(['contact', 'remark', 'token', 'target'], 'array[t.no]'),
  case_messages: byId(['body'], 'array[(select c.no from cases c where c.id = t.case_id)]'),
  shops: byId(['webhook_secret', 'webhook_secret_before']),
  payment_accounts: byId(['config']),
  supplier_accounts: byId(['config']),
  channels: byId(['config']),
  object_stores: byId(['config']),
  staff: byId(['totp_secret', 'totp_pending']),
};

/** Every column with sealed bytes; for the test that holds the list complete. */
export const sealedColumns: readonly string[] = Object.entries(places).flatMap(([table, { columns }]) =>
  columns.map((column) => `${table}.${column}`),
);

export interface SealedCell {
  readonly key: readonly string[];
  readonly column: string;
  readonly bound: readonly string[];
  readonly sealed: Buffer;
}
type RawCell = Omit<SealedCell, 'sealed'> & { readonly sealed: string };
interface Page {
  readonly cells: readonly SealedCell[];
  /** Rows that were looked at. */
  readonly rows: number;
  /** The last of them; null: there are no more. */
  readonly end: readonly string[] | null;
}

const keyOf = (place: Place): string => place.key.map(([column]) => `t.${column}`).join(', ');
const textKey = (place: Place): string => `array[${place.key.map(([column]) => `t.${column}::text`).join(', ')}]`;

// Bytes 2–5 of sealed bytes are the number of their key.
function pageOf(table: string, place: Place) {
  const after = place.key.map(([, type], i) => `($1::text[])[${i + 1}]::${type}`).join(', ');
  const descending = place.key.map(([column]) => `t.${column} desc`).join(', ');
  return statement<{ cells: RawCell[]; rows: number; end: string[] | null }, [string[], number]>(
    `rotation_page_${table}`,
    `with page as materialized (
       select * from ${table} t where (${keyOf(place)}) > (${after}) order by ${keyOf(place)} limit ${place.rows ?? 200}
     )
     select (select count(*)::int from page) as rows, (select ${textKey(place)} from page t order by ${descending} limit 1) as end,
       coalesce((select jsonb_agg(jsonb_build_object('key', ${textKey(place)}, 'column', v.name, 'bound', ${place.bound}, 'sealed', encode(v.sealed, 'base64')))
         from page t, lateral (values ${place.columns.map((c) => `('${c}', t.${c})`).join(', ')}) v (name, sealed)
         where v.sealed is not null and length(v.sealed) > 0 and substring(v.sealed from 2 for 4) <> int4send($2::int)), '[]') as cells`,
  );
}

// Nobody waits and nobody is waited for: a row that somebody holds or has changed is left for the next round. Not `for
// update`, or a key that many orders show at once would never be free.
type SwapParams = [string[], (string | null)[], Buffer[], Buffer[]];
function swapOf(table: string, place: Place, column: string) {
  const same = (alias: string): string =>
    place.key.map(([name, type], i) => `t.${name} = ${alias}.${i === 0 ? 'a' : 'b'}::${type}`).join(' and ');
  return statement<object, SwapParams>(
    `rotation_swap_${table}_${column}`,
    `with mine as materialized (
       select f.a, f.b, f.fresh from unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[]) as f (a, b, old, fresh)
       join ${table} t on ${same('f')} and t.${column} = f.old for no key update of t skip locked
     )
     update ${table} t set ${column} = mine.fresh from mine where ${same('mine')} returning 1`,
  );
}

const statements = new Map(
  Object.entries(places).map(([table, place]) => [
    table,
    {
      page: pageOf(table, place),
      swaps: new Map(place.columns.map((column) => [column, swapOf(table, place, column)])),
      first: place.key.map(([, , first]) => first),
    },
  ]),
);
function of(place: SealedPlace) {
  const found = statements.get(place);
  if (!found) throw new Error(`no sealed place ${place}`);
  return found;
}

/** Cells of the next rows that are not under the key, and where the page ends. `after` null: from the first row. */
export async function sealedPage(
  db: Queryable,
  place: SealedPlace,
  after: readonly string[] | null,
  keyId: number,
): Promise<Page> {
  const { page, first } = of(place);
  const { cells, ...rest } = one(await page(db, [[...(after ?? first)], keyId]));
  return { ...rest, cells: cells.map((cell) => ({ ...cell, sealed: Buffer.from(cell.sealed, 'base64') })) };
}

/** Writes cells under their new key where nobody has changed or holds them; returns how many it did. */
export async function swapCells(
  db: Queryable,
  place: SealedPlace,
  column: string,
  cells: readonly { readonly key: readonly string[]; readonly old: Buffer; readonly fresh: Buffer }[],
): Promise<number> {
  if (cells.length === 0) return 0;
  const swap = of(place).swaps.get(column);
  if (!swap) throw new Error(`no sealed column ${place}.${column}`);
  const rows = await swap(db, [
    cells.map((c) => c.key[0] ?? ''),
    cells.map((c) => c.key[1] ?? null),
    cells.map((c) => c.old),
    cells.map((c) => c.fresh),
  ]);
  return rows.length;
}
