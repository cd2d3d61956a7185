/**
 * A restore is one transaction: schema of the backup, its rows, then the newer migrations and rule 19. Until it commits
 * nothing has changed, and from its commit on nothing leaves by itself.
 */
import { once } from 'node:events';
import { from as copyFrom } from 'pg-copy-streams';
import { verifyAudit } from './audit.ts';
import { readBackup, BackupError } from './backup-reader.ts';
import { copySettings, type BackupHead, type BackupSummary } from './backup.ts';
import { quarantinePools } from './catalog.ts';
import { loadDataKeys, type StoredDataKey } from './data-keys.ts';
import { actors } from './locks.ts';
import { migrateWithin } from './migrate.ts';
import { switchAutoDelivery } from './settings.ts';
import { transaction, type Pool, type Transaction } from './sql.ts';
import { askAboutRecentOrders } from './upkeep.ts';

export interface Restored extends BackupSummary, BackupHead {
  /** Cards that the replaced database knew as gone and the backup as available: void now. */
  readonly voided: number;
  /** The first seal of the audit chain that does not fit, or undefined. */
  readonly brokenSeal: number | undefined;
}

/**
 * Ids handed out after the backup are known outside (to Temporal, gateways, sealed payloads) and must not be given
 * again: each sequence goes on this far behind its saved value.
 */
const leap = 100_000;

const servingSql = `select coalesce(string_agg(distinct application_name, ', '), '') as names from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and application_name like 'miaofa-%'
    and application_name not in ('miaofa-backup', 'miaofa-restore', 'miaofa-migrate')`;

/** Names of our own processes that are connected to this database: they must be stopped before a restore. */
export async function servingProcesses(pool: Pool): Promise<string> {
  return (await pool.query<{ names: string }>(servingSql)).rows[0]?.names ?? '';
}

/** True if the database holds anything that a restore would destroy. */
export async function holdsData(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ there: boolean }>(`select to_regclass('public.orders') is not null as there`);
  if (!rows[0]?.there) return false;
  const { rows: found } = await pool.query<{ some: boolean }>(
    `select exists (select from orders) or exists (select from products) or exists (select from cards)
       or exists (select from shops) or exists (select from payment_accounts) as some`,
  );
  return found[0]?.some ?? false;
}

/** Everything of ours in the schema; what extensions brought stays. */
const dropAllSql = `do $$ declare r record; begin
  for r in select format('drop table if exists %I cascade', c.relname) as sql from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
  loop execute r.sql; end loop;
  for r in select format('drop %s if exists public.%I cascade', case c.relkind when 'S' then 'sequence' when 'm' then 'materialized view' else 'view' end, c.relname) as sql from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('S', 'v', 'm')
      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
  loop execute r.sql; end loop;
  for r in select format('drop routine if exists %s cascade', p.oid::regprocedure) as sql from pg_proc p
    where p.pronamespace = 'public'::regnamespace
      and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
  loop execute r.sql; end loop;
  for r in select format('drop type if exists %s cascade', t.oid::regtype) as sql from pg_type t
    where t.typnamespace = 'public'::regnamespace and t.typtype in ('e', 'd')
      and not exists (select from pg_depend d where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e')
  loop execute r.sql; end loop;
end $$`;

interface ForeignKey {
  tableName: string;
  name: string;
  definition: string;
}
const foreignKeysSql = `select conrelid::regclass::text as "tableName", quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
  from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace and conparentid = 0`;
const tablesSql = `select quote_ident(c.relname) as name,
    array_agg(quote_ident(a.attname)) filter (where a.attgenerated = '') as columns
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' group by c.relname`;

/** Loads all rows into the empty tables of the backup's schema. Foreign keys and triggers are away meanwhile. */
async function load(tx: Transaction, file: string): Promise<BackupSummary & BackupHead> {
  const { rows: tables } = await tx.query<{ name: string; columns: string[] }>(tablesSql);
  const { rows: keys } = await tx.query<ForeignKey>(foreignKeysSql);
  for (const key of keys) await tx.query(`alter table ${key.tableName} drop constraint ${key.name}`);
  for (const { name } of tables) await tx.query(`alter table ${name} disable trigger user`);
  // What the migrations themselves have put in comes with the backup.
  await tx.query(`truncate ${tables.map(({ name }) => name).join(', ')}`);
  let copying: ReturnType<typeof copyFrom> | undefined;
  const summary = await readBackup(file, {
    table(name, columns) {
      const known = tables.find((table) => table.name === name);
      if (!known || columns.split(', ').some((column) => !known.columns.includes(column))) {
        throw new BackupError(`备份中的表与本程序不符 / a table of the backup is not of this program: ${name}`);
      }
      const sink = (copying = tx.query(copyFrom(`copy ${name} (${columns}) from stdin`)));
      let failure: Error | undefined;
      sink.on('error', (error: Error) => (failure = error));
      return {
        async write(chunk) {
          if (failure) throw failure;
          if (!sink.write(chunk)) await once(sink, 'drain');
        },
        async end() {
          if (failure) throw failure;
          sink.end();
          await once(sink, 'finish');
        },
      };
    },
    async sequence(name, value) {
      await tx.query('select setval($1::regclass, $2)', [name, value + leap]);
    },
  }).catch((error: unknown) => {
    copying?.destroy(); // or the rollback would wait behind a COPY that nobody ends
    throw error;
  });
  for (const { name } of tables) await tx.query(`alter table ${name} enable trigger user`);
  for (const key of keys) await tx.query(`alter table ${key.tableName} add constraint ${key.name} ${key.definition}`);
  return summary;
}

/** What the database that is replaced knew better than the backup: cards that have left the pool. */
async function rememberGoneCards(tx: Transaction): Promise<void> {
  await tx.query('create temporary table gone_cards (fingerprint bytea primary key) on commit drop');
  const { rows } = await tx.query<{ there: boolean }>(`select to_regclass('public.cards') is not null as there`);
  if (!rows[0]?.there) return;
  await tx.query(
    `insert into gone_cards select distinct fingerprint from cards where state <> 'available' on conflict do nothing`,
  );
}

async function voidGoneCards(tx: Transaction): Promise<number> {
  const { rowCount } = await tx.query(
    `update cards set state = 'void' where state = 'available' and fingerprint in (select fingerprint from gone_cards)`,
  );
  return rowCount ?? 0;
}

/**
 * Replaces everything in the database by the backup. `openKeys` must reject if the master key at hand does not open
 * these data keys. The pool must have no time limits, and no process of ours may be connected besides.
 */
export async function restoreBackup(
  pool: Pool,
  file: string,
  openKeys: (keys: readonly StoredDataKey[]) => Promise<unknown>,
): Promise<Restored> {
  // Once through, before anything is touched.
  const { schema, createdAt } = await readBackup(file);
  return transaction(pool, async (tx) => {
    await tx.query(`${copySettings}; set local lock_timeout = '15s'`);
    await rememberGoneCards(tx);
    await tx.query(dropAllSql);
    await migrateWithin(tx, schema);
    const summary = await load(tx, file);
    await migrateWithin(tx);
    await openKeys(await loadDataKeys(tx));
    const voided = await voidGoneCards(tx);
    const brokenSeal = (await verifyAudit(tx))?.seq;
    await switchAutoDelivery(tx, false, actors.commandLine, false);
    await quarantinePools(tx, true, actors.commandLine);
    // Also those in line for stock: the granter serves who stands there.
    await tx.query('delete from stock_waits');
    await tx.query(
      `update orders set recheck = true where released_at is null and state not in ('closed', 'refunded')`,
    );
    await askAboutRecentOrders(tx);
    await tx.query(
      `insert into audit (actor_id, action, detail) values (${actors.commandLine}, 'restored', $1::jsonb)`,
      [JSON.stringify({ backup: createdAt, rows: summary.rows, sha256: summary.sha256, voided })],
    );
    return { ...summary, voided, brokenSeal };
  });
}
