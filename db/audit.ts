/**
 * The sealer chains committed audit rows by hash, afterwards (rule 20): a chain inside each transaction would be one
 * global lock. `seq` is the order of the chain; ids are not commit order, so a late id is simply sealed late.
 */
import { createHash } from 'node:crypto';
import { actors, advisory } from './locks.ts';
import { statement, transaction, type Pool, type Queryable, type Transaction } from './sql.ts';

interface AuditRow {
  id: number;
  line: string;
}

// The text that is hashed is made by PostgreSQL, the same for sealing and for verifying.
const lineOf = `jsonb_build_array(a.id, to_char(a.at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US'), a.actor_id, a.action, a.order_id, a.detail)::text`;

const unsealed = statement<AuditRow, [number]>(
  'audit_unsealed',
  `select a.id, ${lineOf} as line from audit a where not a.sealed order by a.id limit $1`,
);
const lastSeal = statement<{ seq: number; hash: Buffer }, []>(
  'audit_last_seal',
  'select seq, hash from audit_seals order by seq desc limit 1',
);
const seal = statement<object, [number[], number[], Buffer[]]>(
  'audit_seal',
  `with marked as (update audit set sealed = true where id = any ($2::bigint[]))
   insert into audit_seals (seq, audit_id, hash) select * from unnest($1::bigint[], $2::bigint[], $3::bytea[])`,
);
const chain = statement<AuditRow & { seq: number; hash: Buffer }, [number, number]>(
  'audit_chain',
  `select s.seq, s.hash, a.id, ${lineOf} as line from audit_seals s join audit a on a.id = s.audit_id
   where s.seq > $1 order by s.seq limit $2`,
);

function link(previous: Buffer, line: string): Buffer {
  return createHash('sha256').update(previous).update(line).digest();
}

const genesis = Buffer.alloc(32);

/** Seals up to `limit` rows; returns how many. One sealer works at a time, the others find nothing to do. */
export async function sealAudit(pool: Pool, limit = 1000): Promise<number> {
  return transaction(pool, async (tx: Transaction) => {
    const { rows } = await tx.query<{ mine: boolean }>('select pg_try_advisory_xact_lock($1) as mine', [
      advisory.auditSealer,
    ]);
    if (!rows[0]?.mine) return 0;
    const open = await unsealed(tx, [limit]);
    if (open.length === 0) return 0;
    const last = (await lastSeal(tx, []))[0] ?? { seq: 0, hash: genesis };
    const hashes: Buffer[] = [];
    for (const row of open) hashes.push(link(hashes.at(-1) ?? last.hash, row.line));
    await seal(tx, [open.map((_, i) => last.seq + i + 1), open.map((row) => row.id), hashes]);
    return open.length;
  });
}

/** Walks the chain; the first seal that does not fit, or undefined if all do. A missing row breaks the chain too. */
export async function verifyAudit(db: Queryable): Promise<{ seq: number; auditId: number } | undefined> {
  let previous: Buffer = genesis;
  let seq = 0;
  for (;;) {
    const rows = await chain(db, [seq, 1000]);
    if (rows.length === 0) return undefined;
    for (const row of rows) {
      if (row.seq !== seq + 1 || !link(previous, row.line).equals(row.hash)) return { seq: row.seq, auditId: row.id };
      previous = row.hash;
      seq = row.seq;
    }
  }
}

const refusedSignal = statement<object, [string, string, string]>(
  'audit_refused_signal',
  `with asked as (
     insert into tasks (order_id, code, detail)
     select id, 'SIGNAL_REQUEST', jsonb_build_object('kind', $2::text, 'note', $3::text) from orders where no = $1
     on conflict do nothing
   )
   insert into audit (actor_id, action, order_id, detail)
   select ${actors.temporalUi}, 'signal_refused', id, jsonb_build_object('kind', $2::text, 'note', $3::text) from orders where no = $1`,
);

/** Somebody signalled what a Signal may not do, or what the order's state did not allow: people shall know. */
export async function noteRefusedSignal(db: Queryable, orderNo: string, kind: string, note: string): Promise<void> {
  await refusedSignal(db, [orderNo, kind, note]);
}
