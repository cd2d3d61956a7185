/** Calls to one supplier, timed and judged: what every caller of an adapter goes through. */
import type { CallVerdict } from '../../domain/breaker.ts';
import type { Outbound } from '../outbound.ts';
import { SupplierTrouble, type Answer, type Purchase, type SupplierAccount, type SupplierAdapter } from './supplier.ts';

export interface TimedCall {
  readonly supplierId: number;
  readonly call: 'place' | 'find' | 'fetch' | 'cancel' | 'quote' | 'balance' | 'catalogue';
  readonly verdict: CallVerdict;
  readonly code: string | null;
  readonly ms: number;
}

/** Where calls are kept; must not reject, or a kept answer would be lost. */
export type NoteCall = (call: TimedCall) => Promise<void>;

/** A refusal is an answer of a healthy supplier; what cannot be told is trouble. A request that never left is, too. */
export function verdictOf(answer: Answer | 'absent'): { verdict: CallVerdict; code: string | null } {
  if (answer === 'absent') return { verdict: 'ok', code: null };
  if (answer.kind === 'unknown') return { verdict: 'trouble', code: answer.evidence.split(':', 1)[0] ?? null };
  if (answer.kind !== 'refused') return { verdict: 'ok', code: null };
  return { verdict: answer.reason === 'NOT_SENT' ? 'trouble' : 'refused', code: answer.reason };
}

export interface Desk {
  readonly adapter: SupplierAdapter;
  readonly account: SupplierAccount;
  place(purchase: Purchase): Promise<Answer>;
  find(purchase: Purchase): Promise<Answer | 'absent'>;
  fetch(supplierRef: string): Promise<Answer>;
  cancel(purchase: Purchase, supplierRef: string | null): Promise<'cancelled' | 'too-late'>;
  quote(purchase: Omit<Purchase, 'ref'>): ReturnType<SupplierAdapter['quote']>;
  balance(): Promise<number>;
  catalogue(): ReturnType<SupplierAdapter['catalogue']>;
}

export function openDesk(adapter: SupplierAdapter, account: SupplierAccount, outbound: Outbound, note: NoteCall): Desk {
  const timed = async <T>(
    call: TimedCall['call'],
    run: () => Promise<T>,
    judge: (value: T) => { verdict: CallVerdict; code: string | null } = () => ({ verdict: 'ok', code: null }),
  ): Promise<T> => {
    const began = performance.now();
    const keep = (verdict: CallVerdict, code: string | null): Promise<void> =>
      note({ supplierId: account.id, call, verdict, code, ms: performance.now() - began });
    try {
      const value = await run();
      const { verdict, code } = judge(value);
      await keep(verdict, code);
      return value;
    } catch (error) {
      if (error instanceof SupplierTrouble) {
        // A wrong key or product is the operator's to mend, not a sickness of the supplier.
        const sick = error.code === 'SUPPLIER_SILENT' || error.code === 'SUPPLIER_BAD_ANSWER';
        await keep(sick ? 'trouble' : 'refused', error.code);
      }
      throw error;
    }
  };
  const missing = (): never => {
    throw new SupplierTrouble('SUPPLIER_BAD_ANSWER');
  };
  return {
    adapter,
    account,
    place: (purchase) => timed('place', () => adapter.place(account, purchase, outbound), verdictOf),
    find: (purchase) => timed('find', async () => (adapter.find ? adapter.find(account, purchase, outbound) : missing()), verdictOf), // prettier-ignore
    fetch: (ref) => timed('fetch', async () => (adapter.fetch ? adapter.fetch(account, ref, outbound) : missing()), verdictOf), // prettier-ignore
    cancel: (purchase, ref) => timed('cancel', async () => (adapter.cancel ? adapter.cancel(account, purchase, ref, outbound) : missing())), // prettier-ignore
    quote: (purchase) => timed('quote', () => adapter.quote(account, purchase, outbound)),
    balance: () => timed('balance', () => adapter.balance(account, outbound)),
    catalogue: () => timed('catalogue', () => adapter.catalogue(account, outbound)),
  };
}
