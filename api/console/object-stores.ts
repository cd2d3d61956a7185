/** Object stores that links lead to: settings sealed, secrets masked, a try of one object. */
import type { Router } from 'express';
import { insertStore, listStores, reserveStoreId, storeById, updateStore, type StoredStore } from '../../db/object-stores.ts'; // prettier-ignore
import { KnownError } from '../../domain/errors.ts';
import { checkStore, isObjectKey, openStore, sealStore, storeFields, tryObject } from '../../integrations/object-stores/account.ts'; // prettier-ignore
import { OutboundError } from '../../integrations/outbound.ts';
import { maskConfig, mergeConfig } from '../../integrations/suppliers/account.ts';
import { consoleMethods } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { describeFields } from './config-fields.ts';
import { person, serve, type Authenticate } from '../serve.ts';

export function storeRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, keyring } = deps;

  const known = async (id: number): Promise<StoredStore> => {
    const stored = await storeById(pool, id);
    if (!stored) throw new KnownError('STORE_NOT_FOUND');
    return stored;
  };
  const checked = (config: Record<string, string>): Record<string, string> => {
    const problems = checkStore(config);
    if (problems.length > 0) throw new KnownError('STORE_INVALID', problems);
    return config;
  };

  serve(router, authenticate, consoleMethods.listStores, async () => ({
    fields: describeFields(storeFields),
    stores: (await listStores(pool)).map(({ config, ...s }) => ({
      ...s,
      config: maskConfig(storeFields, openStore(keyring, s.id, config)),
    })),
  }));

  serve(router, authenticate, consoleMethods.createStore, async (call) => {
    const { mode, name, config } = call.body;
    const id = await reserveStoreId(pool);
    const sealed = sealStore(keyring, id, checked(mergeConfig(storeFields, {}, config)));
    const made = await insertStore(pool, { id, mode, name, config: sealed }, person(call).actorId);
    if (!made) throw new KnownError('STORE_NAME_TAKEN');
    return { id };
  });

  serve(router, authenticate, consoleMethods.changeStore, async (call) => {
    const stored = await known(call.params.id);
    const old = openStore(keyring, stored.id, stored.config);
    const config = checked(mergeConfig(storeFields, old, call.body.config));
    const changed = storeFields.map((f) => f.key).filter((key) => config[key] !== old[key]);
    const next = { id: stored.id, name: call.body.name, config: sealStore(keyring, stored.id, config) };
    if (!(await updateStore(pool, next, changed, person(call).actorId))) throw new KnownError('STORE_NAME_TAKEN');
    return { id: stored.id };
  });

  serve(router, authenticate, consoleMethods.checkStore, async (call) => {
    const stored = await known(call.params.id);
    const { key } = call.body;
    if (!isObjectKey(key)) throw new KnownError('LINK_INVALID');
    const began = performance.now();
    const status = await tryObject(openStore(keyring, stored.id, stored.config), key, new Date(), deps.outbound).catch(
      (error: unknown) => {
        if (error instanceof OutboundError) throw new KnownError('STORE_UNREACHABLE', { reason: error.code });
        throw error;
      },
    );
    return { found: status === 200 || status === 206, status, ms: Math.round(performance.now() - began) };
  });
}
