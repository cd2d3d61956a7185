/**
 * The conditions of a list, written out for the filters that are set: with "$n is null or …" the planner has one plan for
 * all of them, which uses the index of none.
 */
export class Where {
  readonly values: unknown[] = [];
  readonly #conditions: string[] = [];

  /** The place of a value in the statement. */
  put(value: unknown): string {
    return `$${this.values.push(value)}`;
  }

  /** A condition on `?`; none where the filter is not set. */
  add(condition: string, value: unknown): this {
    return value === undefined ? this : this.always(condition.replaceAll('?', this.put(value)));
  }

  /** A condition without a value, as partial indexes need it. */
  always(condition: string): this {
    this.#conditions.push(condition);
    return this;
  }

  /**
   * The conditions, once for each value of a column that may be any of these: a page of each in the order of an index, and of
   * these the newest, where one walk over all of them would be one over the whole table.
   */
  each(column: string, values: readonly unknown[] | undefined): string[] {
    if (values === undefined) return [this.toString()];
    if (values.length === 0) return ['where false'];
    return values.map((value) => `where ${[...this.#conditions, `${column} = ${this.put(value)}`].join(' and ')}`);
  }

  toString(): string {
    return this.#conditions.length > 0 ? `where ${this.#conditions.join(' and ')}` : '';
  }
}

/** The first rows of all branches together, each `select` with its order and its limit. */
export function unionAll(branches: readonly string[]): string {
  return branches.map((branch) => `(${branch})`).join(' union all ');
}
