/** Names of failures that steps throw and stories read. No imports, so that both sides share it. */

/** PostgreSQL or the like is at fault: try again without end. */
export const infrastructureTrouble = 'INFRASTRUCTURE';
/** A step of delivery failed for a reason of its own; `details[0]` is a code of the error catalogue. */
export const delivery = 'DELIVERY';
