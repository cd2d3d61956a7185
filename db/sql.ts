/** The thin layer over `pg`: a pool with time limits, named statements, transactions. */
import pg from 'pg';

export type Pool = pg.Pool;
/** A pool or a client inside a transaction. */
export type Queryable = pg.Pool | pg.PoolClient;
export type Transaction = pg.PoolClient;

const int8 = 20;

/** bigint columns hold ids and minor units: beyond 2^53 they would be wrong in silence, so they throw. */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('a bigint from the database exceeds 2^53');
  return value;
}

const types = new pg.TypeOverrides();
types.setTypeParser(int8, parseInt8);

export interface PoolOptions {
  /** Connections at most; about 10 is best on 2 cores (measured: 50 are slower). */
  readonly max?: number;
  /** Name in pg_stat_activity. */
  readonly name: string;
  /** Milliseconds; a step that takes longer is stuck (rule 4). 0 = none, for reports and dumps. */
  readonly statementTimeoutMs?: number;
  readonly onError?: (error: Error) => void;
}

/** A pool whose statements end by themselves, so that a step cannot hold an order for ever. */
export function createPool(databaseUrl: string, options: PoolOptions): Pool {
  const limit = options.statementTimeoutMs ?? 2_000;
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    application_name: options.name,
    max: options.max ?? 10,
    connectionTimeoutMillis: 2_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: limit,
    idle_in_transaction_session_timeout: limit,
    lock_timeout: limit && Math.min(limit, 1_500),
    // A server that has gone silent must not hang a step: the client gives up a little after the server would.
    ...(limit ? { query_timeout: limit + 1_000 } : {}),
    keepAlive: true,
    types,
  });
  // Without a listener an idle connection that dies takes the process with it.
  pool.on('error', (error) => options.onError?.(error));
  // The pool itself listens to idle connections alone. One that it hands out or throws away may still hear that the
  // server ends it; whoever uses it learns that from its next statement.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/**
 * A prepared statement with a name: plans are kept per connection, and the name tells in pg_stat_statements and in
 * tests which statement ran.
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- it types the calls of what is returned
export function statement<Row extends object, Params extends readonly unknown[]>(
  name: string,
  text: string,
): ((db: Queryable, params: Params) => Promise<Row[]>) & { readonly text: string } {
  const run = async (db: Queryable, params: Params): Promise<Row[]> => {
    try {
      const wait = patience.get(db);
      const query: pg.QueryConfig & { query_timeout?: number } = { name, text, values: params as unknown as unknown[], ...(wait && { query_timeout: wait }) }; // prettier-ignore
      const result = await db.query<Row>(query);
      return result.rows;
    } catch (error) {
      if (sqlState(error) === diskFull) full = true;
      throw error;
    }
  };
  return Object.assign(run, { text });
}

const diskFull = '53100';
/** The server's disk was full when this process wrote last. */
let full = false;

/**
 * False while the server's disk is full, as far as this process has met it: reading goes on then, so only writing shows
 * it. Tries a write of its own before it says that there is room again.
 */
export async function hasRoom(pool: Pool): Promise<boolean> {
  if (!full) return true;
  const probe = `create temp table room on commit drop as select repeat('x', 1000) from generate_series(1, 100)`;
  full = await transaction(pool, (tx) => tx.query(probe)).then(
    () => false,
    () => true,
  );
  return !full;
}

/** How long the client waits for statements of a transaction that {@link takeTime} was called in. */
const patience = new WeakMap<Queryable, number>();
/** From here on each statement of the transaction may take so long, by the server's limit and by the client's. */
export async function takeTime(tx: Transaction, seconds: number): Promise<void> {
  await tx.query(`set local statement_timeout = '${seconds}s'`);
  patience.set(tx, (seconds + 1) * 1_000);
}

const pools = new WeakMap<pg.PoolClient, pg.Pool>();
/** The pool that the connection of a transaction belongs to. */
export function poolOf(tx: Transaction): Pool | undefined {
  return pools.get(tx);
}

/**
 * Runs `work` in one READ COMMITTED transaction. A failure rolls back and is rethrown; a connection that cannot even
 * roll back is thrown away.
 */
export async function transaction<T>(pool: Pool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  pools.set(client, pool);
  let broken: Error | undefined;
  // An idle-in-transaction timeout or a lost server arrives as an event between two statements.
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((failure: unknown) => {
      broken = failure instanceof Error ? failure : new Error('rollback failed');
    });
    throw error;
  } finally {
    client.off('error', onError);
    patience.delete(client);
    client.release(broken);
  }
}

/**
 * Numbers as PostgreSQL writes an array of them: the driver would quote each, which in an array of thousands costs more
 * than what is done with them.
 */
export function numberArray(values: readonly (number | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

/** The one row, or a loud error: for statements that always give one. */
export function one<Row>(rows: readonly Row[]): Row {
  const row = rows[0];
  if (row === undefined || rows.length > 1) throw new Error(`expected one row, got ${rows.length}`);
  return row;
}

/** SQLSTATE of a database error, or undefined. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** True if a text of the caller holds what PostgreSQL cannot: U+0000, which is legal in JSON and in URLs. */
export function isUnstorableText(error: unknown): boolean {
  return /^(22021|22P05)$/.test(sqlState(error) ?? '');
}

/** Two met at one lock, and this one was sent away: nothing is wrong, and it may come again at once. */
export function isContention(error: unknown): boolean {
  return ['40P01', '40001', '55P03'].includes(sqlState(error) ?? '');
}

/**
 * True if the database, not the data, is at fault: gone, starting, full, a lock or time limit, a lost race. Such a step
 * is tried again without end (rule 9, policy `infrastructure`).
 */
export function isInfrastructure(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return /^(08|53|57|58|40|55P03|25P03|25006)/.test(state);
  if (!(error instanceof Error)) return false;
  const code = (error as Error & { code?: unknown }).code;
  if (typeof code === 'string' && /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_AGAIN)/.test(code)) return true;
  return /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered|Client was closed|terminating connection)/i.test(
    error.message,
  );
}
