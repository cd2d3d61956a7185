/** Counts what this process says to PostgreSQL: a hook around the driver, for budgets. */
import pg from 'pg';

export interface SqlCount {
  /** By name of the statement, or its text. Without begin, commit and rollback. */
  readonly statements: ReadonlyMap<string, number>;
  readonly commits: number;
}

/** Runs `work` and counts every statement of every pool of this process meanwhile; `ours` picks the ones that matter. */
export async function countSql<T>(
  work: () => Promise<T>,
  ours: (name: string) => boolean = () => true,
): Promise<SqlCount & { readonly result: T }> {
  const statements = new Map<string, number>();
  let commits = 0;
  const prototype = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
  const original = prototype.query;
  prototype.query = function (this: unknown, ...args: unknown[]) {
    const [first] = args;
    const { name, text } = typeof first === 'string' ? { name: undefined, text: first } : (first as pg.QueryConfig);
    const label = name ?? text;
    if (/^commit/i.test(label)) commits++;
    else if (!/^(begin|rollback)/i.test(label) && ours(label)) statements.set(label, (statements.get(label) ?? 0) + 1);
    return original.apply(this, args);
  };
  try {
    const result = await work();
    return { statements, commits, result };
  } finally {
    prototype.query = original;
  }
}
