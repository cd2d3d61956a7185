/** Suppliers: forms made from what the adapters say, settings sealed, health read from the calls. */
import type { Router } from 'express';
import { insertSupplier, listSuppliers, reserveSupplierId, supplierById, updateSupplier, type StoredSupplier, type SupplierHealth } from '../../db/suppliers.ts'; // prettier-ignore
import { keepBalance } from '../../db/supplier-balances.ts';
import { recordCall, resetBreaker } from '../../db/supplier-calls.ts';
import { KnownError } from '../../domain/errors.ts';
import { maskConfig, mergeConfig, openSupplier, sealSupplier } from '../../integrations/suppliers/account.ts';
import { openDesk, type Desk } from '../../integrations/suppliers/desk.ts';
import { SupplierTrouble, type SupplierAdapter } from '../../integrations/suppliers/supplier.ts';
import { consoleSuppliers } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { describeFields } from './config-fields.ts';
import { person, serve, type Authenticate } from '../serve.ts';

type View = (typeof consoleSuppliers.listSuppliers)['response']['_output']['suppliers'][number];

export function supplierRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, keyring, suppliers } = deps;

  const adapterOf = (kind: string): SupplierAdapter => {
    const adapter = suppliers.get(kind);
    if (!adapter) throw new KnownError('SUPPLIER_CONFIG_INVALID', [{ field: 'kind', known: [...suppliers.keys()] }]);
    return adapter;
  };
  const known = async (id: number): Promise<StoredSupplier> => {
    const stored = await supplierById(pool, id);
    if (!stored) throw new KnownError('SUPPLIER_NOT_FOUND');
    return stored;
  };
  const checked = (adapter: SupplierAdapter, config: Record<string, string>): Record<string, string> => {
    const problems = adapter.checkConfig(config);
    if (problems.length > 0) throw new KnownError('SUPPLIER_CONFIG_INVALID', problems);
    return config;
  };
  const view = (s: StoredSupplier & SupplierHealth): View => {
    const fields = suppliers.get(s.kind)?.configFields ?? [];
    return {
      id: s.id,
      kind: s.kind,
      mode: s.mode,
      name: s.name,
      currency: s.currency,
      config: maskConfig(fields, openSupplier(keyring, s).config),
      enabled: s.enabled,
      maxParallel: s.maxParallel,
      lowBalanceMinor: s.lowBalanceMinor,
      balanceMinor: s.balanceMinor,
      balanceAt: s.balanceAt?.toISOString() ?? null,
      health: {
        state: !s.enabled ? 'off' : s.breakerUntil ? 'sick' : 'well',
        until: s.breakerUntil?.toISOString() ?? null,
        calls: s.calls,
        troubles: s.troubles,
        refusals: s.refusals,
        p50Ms: s.p50Ms,
        p99Ms: s.p99Ms,
        lastTrouble: s.lastTrouble,
        lastTroubleAt: s.lastTroubleAt?.toISOString() ?? null,
        open: s.open,
      },
    };
  };
  /** What a person asks a supplier counts for its health too. */
  const desk = async (id: number): Promise<Desk> => {
    const stored = await known(id);
    return openDesk(adapterOf(stored.kind), openSupplier(keyring, stored), deps.outbound, (call) =>
      recordCall(pool, call),
    );
  };

  serve(router, authenticate, consoleSuppliers.supplierKinds, () =>
    Promise.resolve({
      kinds: [...suppliers.values()].map((a) => ({
        kind: a.id,
        name: a.name,
        fields: describeFields(a.configFields),
        canFind: a.capabilities.queryByOurRef,
        topUp: a.capabilities.topUp,
        currencies: a.currencies === 'any' ? null : [...a.currencies],
      })),
    }),
  );

  serve(router, authenticate, consoleSuppliers.listSuppliers, async ({ query }) => ({
    suppliers: (await listSuppliers(pool, query.mode ?? null)).map(view),
  }));

  serve(router, authenticate, consoleSuppliers.createSupplier, async (call) => {
    const { config, kind, ...rest } = call.body;
    const adapter = adapterOf(kind);
    if (adapter.currencies !== 'any' && !adapter.currencies.includes(rest.currency)) {
      throw new KnownError('SUPPLIER_CONFIG_INVALID', [{ field: 'currency', known: adapter.currencies, zh: '该供应商不以此币种结算', en: 'it does not bill in that currency' }]); // prettier-ignore
    }
    const id = await reserveSupplierId(pool);
    const sealed = sealSupplier(keyring, id, checked(adapter, mergeConfig(adapter.configFields, {}, config)));
    const made = await insertSupplier(pool, { ...rest, id, kind, config: sealed }, person(call).actorId);
    if (!made) throw new KnownError('SUPPLIER_NAME_TAKEN');
    return { id };
  });

  serve(router, authenticate, consoleSuppliers.changeSupplier, async (call) => {
    const stored = await known(call.params.id);
    const adapter = adapterOf(stored.kind);
    const old = openSupplier(keyring, stored).config;
    const config = checked(adapter, mergeConfig(adapter.configFields, old, call.body.config));
    const { name, enabled, maxParallel, lowBalanceMinor } = call.body;
    const next = { id: stored.id, name, enabled, maxParallel, lowBalanceMinor };
    const changed = [
      ...(Object.keys(next) as (keyof typeof next)[]).filter((key) => next[key] !== stored[key]),
      ...adapter.configFields.map((f) => f.key).filter((key) => config[key] !== old[key]),
    ];
    const sealed = sealSupplier(keyring, stored.id, config);
    const done = await updateSupplier(pool, { ...next, config: sealed }, changed, person(call).actorId);
    if (!done) throw new KnownError('SUPPLIER_NAME_TAKEN');
    return { id: stored.id };
  });

  serve(router, authenticate, consoleSuppliers.checkSupplier, async ({ params }) => {
    const counter = await desk(params.id);
    const began = performance.now();
    const balanceMinor = await counter.balance().catch(inWords);
    await keepBalance(pool, params.id, balanceMinor);
    return { balanceMinor, currency: counter.account.currency, ms: Math.round(performance.now() - began) };
  });

  serve(router, authenticate, consoleSuppliers.resumeSupplier, async (call) => {
    if (!(await resetBreaker(pool, call.params.id, person(call).actorId))) throw new KnownError('SUPPLIER_NOT_FOUND');
    return { id: call.params.id };
  });

  serve(router, authenticate, consoleSuppliers.readCatalogue, async ({ params, query }) => {
    const all = await (await desk(params.id)).catalogue().catch(inWords);
    const q = query.q.toLowerCase();
    const found = all.filter((p) => p.sku.toLowerCase().includes(q) || p.name.toLowerCase().includes(q));
    return {
      total: found.length,
      items: found.slice(0, query.limit).map((p) => ({
        sku: p.sku,
        name: p.name,
        costMinor: p.costMinor ?? null,
        stock: p.stock ?? null,
        options: Object.fromEntries(Object.entries(p.options ?? {}).map(([name, values]) => [name, [...values]])),
      })),
    };
  });
}

function inWords(error: unknown): never {
  throw error instanceof SupplierTrouble ? new KnownError(error.code) : error;
}
