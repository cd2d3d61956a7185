/** A supplier in this process that can be asked by our reference: the half of the purchase protocol that acg-faka lacks. */
import { checkFields, type ConfigField } from '../../integrations/config-fields.ts';
import { Codes, SupplierTrouble, type Answer, type Capabilities, type SupplierAdapter } from '../../integrations/suppliers/supplier.ts'; // prettier-ignore

const configFields: readonly ConfigField[] = [
  { key: 'key', label: { zh: '密钥', en: 'Key' }, secret: true, required: true, pattern: /^.+$/ },
];

type Happening = 'sells' | 'lost-before' | 'lost-after' | 'accepts' | 'refuses' | 'silent';

export interface ScriptedSupplier {
  readonly adapter: SupplierAdapter;
  /** What happens to the next purchases; afterwards it sells. */
  script: Happening[];
  /** True: questions get no answer. */
  mute: boolean;
  readonly sold: ReadonlyMap<string, string>;
  readonly calls: { place: number; find: number; cancel: number };
  /** What it says when it is called off; `silent`: nothing. Only with the capability. */
  cancels: 'cancelled' | 'too-late' | 'silent';
  /** Accounts that were topped up. */
  readonly targets: string[];
  /** What was accepted is delivered now. */
  fulfil(): void;
}

export function scriptedSupplier(id: string, change: Partial<Capabilities> = {}): ScriptedSupplier {
  const sold = new Map<string, string>();
  const accepted = new Map<string, number>();
  const calls = { place: 0, find: 0, cancel: 0 };
  let serial = 0;
  const keys = (n: number): string => Array.from({ length: n }, () => `${id.toUpperCase()}-KEY-${++serial}`).join('\n');
  const goods = (ref: string): Answer => ({
    kind: 'delivered',
    supplierRef: `S${ref}`,
    codes: new Codes(sold.get(ref) ?? ''),
  });
  const capabilities: Capabilities = {
    idempotency: 'replays',
    queryByOurRef: true,
    readsYourWrites: true,
    callback: 'none',
    cancel: false,
    priceCeiling: true,
    stock: 'none',
    topUp: false,
    minQueryDelayMs: 0,
    ...change,
  };
  const made: ScriptedSupplier = {
    script: [],
    mute: false,
    sold,
    calls,
    targets: [],
    cancels: 'cancelled',
    fulfil() {
      for (const [ref, n] of accepted) sold.set(ref, keys(n));
      accepted.clear();
    },
    adapter: {
      id,
      name: { zh: id, en: id },
      currencies: 'any',
      capabilities,
      configFields,
      checkConfig: (config) => checkFields(configFields, config),
      place(_account, { ref, quantity, target }): Promise<Answer> {
        calls.place++;
        if (target !== undefined) {
          made.targets.push(target);
          return Promise.resolve({ kind: 'delivered', supplierRef: `S${ref}` });
        }
        const what = made.script.shift() ?? 'sells';
        if (what === 'refuses') return Promise.resolve({ kind: 'refused', reason: 'NO_STOCK' });
        if (what === 'silent') return Promise.resolve({ kind: 'refused', reason: 'NOT_SENT' });
        if (what === 'lost-before') return Promise.resolve({ kind: 'unknown', evidence: 'TIMEOUT' });
        if (what === 'accepts') {
          accepted.set(ref, quantity);
          return Promise.resolve({ kind: 'accepted' });
        }
        if (!sold.has(ref)) sold.set(ref, keys(quantity));
        return Promise.resolve(what === 'lost-after' ? { kind: 'unknown', evidence: 'TIMEOUT' } : goods(ref));
      },
      find(_account, { ref }): Promise<Answer | 'absent'> {
        calls.find++;
        if (made.mute) return Promise.reject(new SupplierTrouble('SUPPLIER_SILENT'));
        if (accepted.has(ref)) return Promise.resolve({ kind: 'accepted' });
        return Promise.resolve(sold.has(ref) ? goods(ref) : 'absent');
      },
      ...(capabilities.cancel && {
        cancel(_account, { ref }): Promise<'cancelled' | 'too-late'> {
          calls.cancel++;
          if (made.cancels === 'silent') return Promise.reject(new SupplierTrouble('SUPPLIER_SILENT'));
          if (made.cancels === 'cancelled') accepted.delete(ref);
          return Promise.resolve(made.cancels);
        },
      }),
      quote: () => Promise.resolve({ costMinor: 1 }),
      balance: () => Promise.resolve(100_000),
      catalogue: () => Promise.resolve([]),
    },
  };
  return made;
}
