/** The desk of a purchase's supplier, and what is said there about it. */
import { recordCall } from '../db/supplier-calls.ts';
import type { StoredPurchase } from '../db/purchases.ts';
import { KnownError } from '../domain/errors.ts';
import { contactAad } from '../integrations/keyring/keyring.ts';
import { openSupplier } from '../integrations/suppliers/account.ts';
import { openDesk, type Desk, type NoteCall } from '../integrations/suppliers/desk.ts';
import type { Purchase } from '../integrations/suppliers/supplier.ts';
import type { ActivityDeps } from './deps.ts';

export function deskOf(deps: ActivityDeps, purchase: StoredPurchase): Desk {
  const adapter = deps.suppliers.get(purchase.supplier.kind);
  if (!adapter) throw new KnownError('NO_SOURCE');
  // An answer that is worth money must not be lost because its statistics cannot be kept.
  const note: NoteCall = (call) =>
    recordCall(deps.pool, call).catch((error: unknown) => {
      deps.log.warn({ supplier: call.supplierId, err: error }, 'a call to a supplier was not counted');
    });
  return openDesk(adapter, openSupplier(deps.keyring, purchase.supplier), deps.outbound, note);
}

/** The order as the supplier hears it: our reference, its product, never the buyer, but for the account of a top-up. */
export function wordsOf(deps: ActivityDeps, purchase: StoredPurchase): Purchase {
  const { ref, supplierSku: sku, quantity, options, unitCeilingMinor, target } = purchase;
  const account = target && deps.keyring.open('contact', target, contactAad(purchase.orderNo)).toString('utf8');
  return {
    ref,
    sku,
    quantity,
    options,
    ...(account !== null && { target: account }),
    ...(unitCeilingMinor !== null && { ceilingMinor: unitCeilingMinor * quantity }),
  };
}
