/** Links and top-ups of products. */
import type { Router } from 'express';
import { productBySku, type Product } from '../../db/catalog.ts';
import { productLink, renewDoor, writeLink, type ProductLink } from '../../db/links.ts';
import { storeById } from '../../db/object-stores.ts';
import { topUpOf, writeTopUp } from '../../db/topups.ts';
import { KnownError } from '../../domain/errors.ts';
import type { Mode } from '../../domain/order.ts';
import { compilePattern } from '../../integrations/linear-pattern.ts';
import { isSellable, openProductLink, sealProductLink } from '../../integrations/links.ts';
import { isObjectKey } from '../../integrations/object-stores/account.ts';
import { consoleMethods } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { person, serve, type Authenticate } from '../serve.ts';

type LinkView = (typeof consoleMethods.readLink)['response']['_output'];

export function linkRoutes(router: Router, authenticate: Authenticate, { pool, keyring }: ApiDeps): void {
  const known = async (sku: string): Promise<Product> => {
    const product = await productBySku(pool, sku);
    if (!product) throw new KnownError('PRODUCT_NOT_FOUND');
    return product;
  };
  const view = (productId: number, mode: Mode, link: ProductLink | undefined): LinkView => {
    if (!link) return { link: null };
    const { target, ...rest } = link;
    const address = openProductLink(keyring, productId, mode, target);
    // The name of an object may be told; the address of a plain link is the goods.
    return { link: { mode, host: link.storeId === null ? new URL(address).host : address, ...rest } };
  };

  serve(router, authenticate, consoleMethods.readLink, async ({ params, query }) => {
    const { id } = await known(params.sku);
    return view(id, query.mode, await productLink(pool, id, query.mode));
  });

  serve(router, authenticate, consoleMethods.writeLink, async (call) => {
    const { id } = await known(call.params.sku);
    const { mode, address, storeId, ...rest } = call.body;
    const old = await productLink(pool, id, mode);
    if (storeId !== null) {
      if ((await storeById(pool, storeId))?.mode !== mode) throw new KnownError('STORE_NOT_FOUND');
      if (!rest.signed) throw new KnownError('LINK_INVALID');
    }
    const fits = storeId === null ? isSellable : isObjectKey;
    // What is kept is an address or the key of an object: the one does not become the other.
    const kept = old?.storeId === storeId ? old.target : undefined;
    const target = address === undefined ? kept : fits(address) && sealProductLink(keyring, id, mode, address);
    if (!target) throw new KnownError('LINK_INVALID');
    await writeLink(pool, id, mode, { target, storeId, ...rest }, person(call).actorId);
    return view(id, mode, await productLink(pool, id, mode));
  });

  serve(router, authenticate, consoleMethods.renewLink, async (call) => {
    const { validMinutes, maxDownloads } = call.body;
    if (!(await renewDoor(pool, call.params.no, validMinutes, maxDownloads, person(call).actorId))) {
      throw new KnownError('LINK_UNKNOWN');
    }
    return { renewed: true as const };
  });

  serve(router, authenticate, consoleMethods.readTopUp, async ({ params }) => ({
    topUp: (await topUpOf(pool, (await known(params.sku)).id)) ?? null,
  }));

  serve(router, authenticate, consoleMethods.writeTopUp, async (call) => {
    const { id } = await known(call.params.sku);
    const fits = compilePattern(call.body.pattern);
    if (!fits || (call.body.example !== '' && !fits(call.body.example))) throw new KnownError('TOPUP_INVALID');
    await writeTopUp(pool, id, call.body, person(call).actorId);
    return { topUp: (await topUpOf(pool, id)) ?? null };
  });
}
