/**
 * Stops whoever comes to a point of a transaction: a trigger waits there for an advisory lock that the test holds. So a
 * process can be killed inside a transaction, without a word about it in the product.
 */
import pg from 'pg';
import { until } from '../../dev/client.ts';

const lock = 777_001;

export interface Hold {
  /** Resolves when somebody has come to the point. */
  reached(): Promise<true>;
  /** Ends the sessions that wait there, as the server does when their clients are gone, and opens the point. */
  end(): Promise<void>;
}

/** `on` and `when` as in `create trigger`: `('before insert', 'notices', "new.kind = 'incident'")`. */
export async function holdAt(databaseUrl: string, on: string, table: string, when: string): Promise<Hold> {
  const holder = new pg.Client({ connectionString: databaseUrl });
  await holder.connect();
  await holder.query('select pg_advisory_lock($1)', [lock]);
  await holder.query(
    `create or replace function held_by_a_test() returns trigger language plpgsql as $$
     begin perform pg_advisory_xact_lock(${lock}); return new; end $$`,
  );
  await holder.query(
    `create trigger held_by_a_test ${on} on ${table} for each row when (${when}) execute function held_by_a_test()`,
  );
  const waiting = async (): Promise<number[]> =>
    (await holder.query<{ pid: number }>(`select pid from pg_locks where locktype = 'advisory' and objid = $1 and not granted`, [lock])).rows.map((row) => row.pid); // prettier-ignore
  return {
    reached: () => until('the point', async () => ((await waiting()).length > 0 ? true : undefined), 30_000, 5),
    async end() {
      for (const pid of await waiting()) await holder.query('select pg_terminate_backend($1)', [pid]);
      await until('nobody waits', async () => ((await waiting()).length === 0 ? true : undefined), 5_000, 5);
      await holder.query(`drop trigger held_by_a_test on ${table}`);
      await holder.end();
    },
  };
}
