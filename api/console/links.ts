/** Links and top-ups of products. */
import type { Router } from 'express';
import { productBySku, type Product } from '../../db/catalog.ts';
import { productLink, renewDoor, writeLink, type ProductLink } from '../../db/links.ts';
import { topUpOf, writeTopUp } from '../../db/topups.ts';
import { KnownError } from '../../domain/errors.ts';
import type { Mode } from '../../domain/order.ts';
import { compilePattern } from '../../integrations/linear-pattern.ts';
import { isSellable, openProductLink, sealProductLink } from '../../integrations/links.ts';
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
    return { link: { mode, host: new URL(openProductLink(keyring, productId, mode, target)).host, ...rest } };
  };

  serve(router, authenticate, consoleMethods.readLink, async ({ params, query }) => {
    const { id } = await known(params.sku);
    return view(id, query.mode, await productLink(pool, id, query.mode));
  });

  serve(router, authenticate, consoleMethods.writeLink, async (call) => {
    const { id } = await known(call.params.sku);
    const { mode, address, ...rest } = call.body;
    const old = await productLink(pool, id, mode);
    if (address === undefined ? !old : !isSellable(address)) throw new KnownError('LINK_INVALID');
    const target = address === undefined ? old?.target : sealProductLink(keyring, id, mode, address);
    if (!target) throw new KnownError('LINK_INVALID');
    await writeLink(pool, id, mode, { target, ...rest }, person(call).actorId);
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
