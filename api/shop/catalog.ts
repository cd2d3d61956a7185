/** Products and keys, as far as shops may fill them. */
import type { Router } from 'express';
import { addCards, insertProduct, productBySku, productStock, type Product } from '../../db/catalog.ts';
import type { ApiCaller } from '../../db/access.ts';
import { KnownError } from '../../domain/errors.ts';
import { cardAad } from '../../integrations/keyring/keyring.ts';
import { shop } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { serve, type Authenticate } from '../serve.ts';

export function catalogRoutes(router: Router, authenticate: Authenticate, { pool, keyring }: ApiDeps): void {
  const known = async (sku: string): Promise<Product> => {
    const product = await productBySku(pool, sku);
    if (!product) throw new KnownError('PRODUCT_NOT_FOUND');
    return product;
  };

  serve(router, authenticate, shop.createProduct, async ({ body, caller }) => {
    const id = await insertProduct(pool, body, who(caller).actorId);
    if (id === undefined) throw new KnownError('SKU_TAKEN');
    return { sku: body.sku };
  });

  serve(router, authenticate, shop.addCards, async ({ params, body, caller }) => {
    const { actorId, mode } = who(caller);
    const product = await known(params.sku);
    const cards = body.cards.map((card) => {
      const fingerprint = keyring.fingerprint(`card:${product.id}`, card);
      return { fingerprint, ciphertext: keyring.seal('card', card, cardAad(product.id, fingerprint)) };
    });
    const { batchId, added } = await addCards(pool, {
      productId: product.id,
      mode,
      source: 'api',
      note: body.note,
      actorId,
      cards,
    });
    return { batchId, added, duplicates: cards.length - added };
  });

  serve(router, authenticate, shop.readStock, async ({ params, caller }) => {
    const product = await known(params.sku);
    const stock = (await productStock(pool, product.id)).find((row) => row.mode === who(caller).mode);
    return { available: stock?.available ?? 0, sold: stock?.sold ?? 0 };
  });
}

function who(caller: ApiCaller | undefined): ApiCaller {
  if (!caller) throw new KnownError('UNAUTHENTICATED');
  return caller;
}
