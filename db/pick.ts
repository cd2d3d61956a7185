/** Which cards of a pool are taken: one place, so that every way out of the pool takes the same ones. */

/**
 * SQL that picks `limit` available cards of a product and mode, in the order in which they are sold. `seq` and nothing
 * else: only the partial index of available cards has it (ordering by the primary key is ten times slower once most
 * cards are sold), and the soonest expiry stands in it first. What has expired is never taken.
 */
export function pickCards(
  by: {
    readonly product: string;
    readonly mode: string;
    readonly limit: string;
    readonly and?: string;
    /** Keys that expire before are passed over; default: now. */
    readonly until?: string;
  },
  locking: 'for update skip locked' | 'for update',
): string {
  return `select c.id from cards c
     where c.product_id = ${by.product} and c.mode = ${by.mode} and c.state = 'available'
       and (c.expires_at is null or c.expires_at > ${by.until ?? 'now()'})${by.and ? ` and ${by.and}` : ''}
     order by c.seq limit ${by.limit} ${locking}`;
}
