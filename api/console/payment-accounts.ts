/** 收款账户: forms made from what the providers say, keys sealed and masked, wrong keys named. */
import type { Router } from 'express';
import { accountById, insertAccount, reserveAccountId, type StoredAccount } from '../../db/access.ts';
import { listAccounts, setAccountLimits, updateAccount, type AccountRow } from '../../db/accounts.ts';
import { transaction } from '../../db/sql.ts';
import { KnownError } from '../../domain/errors.ts';
import { openAccount, sealAccount } from '../../integrations/payments/account.ts';
import { GatewayRefused, QueryUnknown, type PaymentProvider } from '../../integrations/payments/provider.ts';
import type { Mode } from '../../domain/order.ts';
import { maskConfig, mergeConfig } from '../../integrations/suppliers/account.ts';
import { consoleAccounts } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { describeFields } from './config-fields.ts';
import { person, serve, type Authenticate } from '../serve.ts';

type View = (typeof consoleAccounts.listAccounts)['response']['_output']['accounts'][number];

function describe(p: PaymentProvider) {
  return {
    id: p.id,
    name: p.name,
    modes: [...p.modes],
    currencies: p.currencies === 'any' ? null : [...p.currencies],
    methods: p.methods.map(({ id, label }) => ({ id, label })),
    canQuery: p.canQuery,
    canRefund: !p.refunds ? ('no' as const) : p.refunds.partial ? ('partial' as const) : ('whole' as const),
    canClose: p.close !== undefined,
    hasStatement: p.statement !== undefined,
    confirmByQueryDefault: p.confirmByQueryDefault,
    fields: describeFields(p.configFields),
  };
}

export function paymentAccountRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, keyring, providers, outbound, environment } = deps;

  const providerOf = (id: string): PaymentProvider => {
    const provider = providers.get(id);
    if (!provider)
      throw new KnownError('ACCOUNT_CONFIG_INVALID', [{ field: 'provider', known: [...providers.keys()] }]);
    return provider;
  };
  const known = async (id: number): Promise<StoredAccount> => {
    const stored = await accountById(pool, id);
    if (!stored) throw new KnownError('ACCOUNT_NOT_FOUND');
    return stored;
  };
  /** With what the provider gives out itself, where the rest is enough to ask for it. */
  const completed = async (provider: PaymentProvider, config: Record<string, string>, mode: Mode) => {
    if (!provider.refreshKeys || provider.checkConfig(config).length === 0) return config;
    const account = { id: 0, provider: provider.id, mode, config };
    const given = await provider.refreshKeys(account, outbound).catch((error: unknown) => {
      if (error instanceof QueryUnknown || error instanceof GatewayRefused) return undefined;
      throw error;
    });
    // Only what was left empty: a wrong text that was pasted is named, not replaced.
    const missing = Object.entries(given ?? {}).filter(([key]) => (config[key] ?? '') === '');
    return { ...config, ...Object.fromEntries(missing) };
  };
  const checked = async (provider: PaymentProvider, given: Record<string, string>, mode: Mode) => {
    const config = await completed(provider, given, mode);
    const problems = provider.checkConfig(config);
    if (problems.length > 0) throw new KnownError('ACCOUNT_CONFIG_INVALID', problems);
    return config;
  };
  const view = (a: AccountRow): View => ({
    id: a.id,
    provider: a.provider,
    mode: a.mode,
    name: a.name,
    config: maskConfig(providers.get(a.provider)?.configFields ?? [], openAccount(keyring, a).config),
    confirmByQuery: a.confirmByQuery,
    confirmAboveMinor: a.confirmAboveMinor,
    queriesPerMinute: a.queriesPerMinute,
    enabled: a.enabled,
    notifyUrl: `${environment.PUBLIC_URL}/notify/${a.provider}/${a.id}`,
    lastPaidAt: a.lastPaidAt?.toISOString() ?? null,
    keysFailure: a.keysFailure,
  });
  const shown = async (id: number): Promise<View> => {
    const row = (await listAccounts(pool)).find((a) => a.id === id);
    if (!row) throw new KnownError('ACCOUNT_NOT_FOUND');
    return view(row);
  };

  serve(router, authenticate, consoleAccounts.paymentProviders, () =>
    Promise.resolve({ providers: [...providers.values()].map(describe) }),
  );

  serve(router, authenticate, consoleAccounts.listAccounts, async () => ({
    accounts: (await listAccounts(pool)).map(view),
  }));

  serve(router, authenticate, consoleAccounts.createPaymentAccount, async (call) => {
    const { body } = call;
    const provider = providerOf(body.provider);
    if (!provider.modes.includes(body.mode)) {
      throw new KnownError('ACCOUNT_CONFIG_INVALID', [{ field: 'mode', known: provider.modes }]);
    }
    const config = await checked(provider, body.config, body.mode);
    const confirmByQuery = provider.canQuery && (body.confirmByQuery ?? provider.confirmByQueryDefault);
    const id = await reserveAccountId(pool);
    const { mode, name, confirmAboveMinor, queriesPerMinute } = body;
    await transaction(pool, async (tx) => {
      const sealed = sealAccount(keyring, id, config);
      await insertAccount(tx, { id, provider: provider.id, mode, name, config: sealed, confirmByQuery }, person(call).actorId); // prettier-ignore
      await setAccountLimits(tx, id, confirmAboveMinor, queriesPerMinute);
    });
    return { account: await shown(id) };
  });

  serve(router, authenticate, consoleAccounts.updateAccount, async (call) => {
    const { params, body } = call;
    const stored = await known(params.id);
    const provider = providerOf(stored.provider);
    const old = openAccount(keyring, stored).config;
    const config = await checked(provider, mergeConfig(provider.configFields, old, body.config), stored.mode);
    const changed = provider.configFields.map((f) => f.key).filter((key) => (old[key] ?? '') !== (config[key] ?? ''));
    const confirmByQuery = provider.canQuery && body.confirmByQuery;
    const sealed = sealAccount(keyring, stored.id, config);
    await updateAccount(pool, stored.id, { ...body, config: sealed, confirmByQuery }, changed, person(call).actorId);
    return { account: await shown(stored.id) };
  });

  serve(router, authenticate, consoleAccounts.checkAccountConfig, async ({ body }) => {
    const provider = providerOf(body.provider);
    const stored = body.accountId === undefined ? undefined : await known(body.accountId);
    const old = stored ? openAccount(keyring, stored).config : {};
    const config = await completed(provider, mergeConfig(provider.configFields, old, body.config), stored?.mode ?? 'live'); // prettier-ignore
    return { problems: provider.checkConfig(config) };
  });
}
