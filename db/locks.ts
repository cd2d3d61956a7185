/**
 * Rows of orders are locked `for no key update`, which shuts out everybody else who locks them so, and lets a foreign key
 * that points at them pass. With `for update` the telling of a trouble (task, then a notice that names the order) and a
 * person who acts (order, then its tasks) waited for each other in a circle.
 */

/** Numbers of advisory locks, in one place so that two never collide. */
export const advisory = {
  /** Shared by each allocation, exclusive for turning 全局自动发货 off (rule 13). */
  deliverySwitch: 71_001,
  /** One audit sealer at a time. */
  auditSealer: 71_002,
  /** Making the first data keys. */
  dataKeys: 71_003,
  /** First number of the two-number form: product (rules 6 and 7). */
  product: 71_010,
  /** First number of the two-number form: channel, while its rate is counted. */
  channel: 71_012,
  /** One watcher of a silent Temporal at a time. */
  silence: 71_013,
  /** One watcher of the failure rate at a time. */
  failureAlarm: 71_018,
  /** One counter of hours that are over. */
  figures: 71_019,
  /** Who says that the database was away. */
  outage: 71_017,
  /** First number, beside a hash of buyer and product: limits per buyer. */
  buyer: 71_020,
  /** First number, beside a product that is sold without keys: its stock limit. */
  unitsForSale: 71_021,
  /** First number, beside a product: its stock limit, while an import of keys is confirmed. */
  poolLimit: 71_023,
  /** First number, beside an import of keys: shared by each block on its way in, exclusive for whoever stops the import. */
  importBlocks: 71_024,
  /** First number, beside a hash of buyer or address: caps on what unpaid orders hold. */
  holder: 71_022,
  /** Likewise: supplier, while a purchase there is planned. */
  supplier: 71_011,
} as const;

/** Actors of the migrations. */
export const actors = {
  notification: 1,
  automation: 2,
  temporalUi: 3,
  opsToken: 4,
  buyer: 5,
  commandLine: 6,
  notSignedIn: 50,
} as const;
