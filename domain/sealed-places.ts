/** Every table that holds sealed bytes, by the ring of data keys that seals them. A test holds the list complete. */

export const sealedPlaces = {
  card: ['cards', 'product_links', 'order_links', 'purchases', 'import_chunks', 'import_blocks'],
  contact: ['orders', 'case_messages'],
  secret: ['shops', 'payment_accounts', 'supplier_accounts', 'channels', 'object_stores', 'staff'],
} as const;

/** Rings whose rows are re-encrypted. What the ring `codec` seals lies in Temporal's histories and ends with them. */
export type RowRing = keyof typeof sealedPlaces;
export type RotatedRing = RowRing | 'codec';
export const rotatedRings = ['card', 'contact', 'secret', 'codec'] as const satisfies readonly RotatedRing[];
export type SealedPlace = (typeof sealedPlaces)[RowRing][number];
