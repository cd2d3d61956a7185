/**
 * How far a reader of the audit's rows has come. Ids are not commit order: a row may appear below one that was read. So a
 * place is the highest id that was read and the ids below it that were not there yet; as text it is the `id` of an event,
 * and any process can go on from it.
 */

/** Ids below the highest that are still waited for. One that stays away longer belongs to a transaction that was undone. */
export const placeWindow = 400;

export class Place {
  private highest: number;
  private readonly missing: Set<number>; // ascending, as they were added

  private constructor(highest: number, missing: Set<number>) {
    this.highest = highest;
    this.missing = missing;
  }

  /** The place of who has read `ids` (ascending) and all that is older. */
  static after(ids: readonly number[]): Place {
    const place = new Place(Math.max(0, (ids[0] ?? 1) - 1), new Set());
    for (const id of ids) place.take(id);
    return place;
  }

  /** Reads what {@link toString} wrote; undefined for anything else. */
  static parse(text: string): Place | undefined {
    if (!/^\d{1,15}(-\d{1,3}){0,400}$/.test(text)) return undefined;
    const [highest = 0, ...below] = text.split('-').map(Number);
    if (below.some((n) => n < 1 || n > placeWindow)) return undefined;
    return new Place(highest, new Set(below.map((n) => highest - n).sort((a, b) => a - b)));
  }

  get newest(): number {
    return this.highest;
  }

  /** No row at or below this one is waited for. */
  get settled(): number {
    const [oldest] = this.missing;
    return oldest === undefined ? this.highest : oldest - 1;
  }

  /** True if this row was not read before; from now on it was. */
  take(id: number): boolean {
    if (id <= this.highest) return this.missing.delete(id);
    for (let i = Math.max(this.highest + 1, id - placeWindow); i < id; i++) this.missing.add(i);
    this.highest = id;
    for (const old of this.missing) {
      if (old >= id - placeWindow) break;
      this.missing.delete(old);
    }
    return true;
  }

  toString(): string {
    return [this.highest, ...[...this.missing].map((id) => this.highest - id)].join('-');
  }
}
