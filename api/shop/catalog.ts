/** Products and keys, as far as shops may fill them. */
import type { Router } from 'express';
import { addCards, insertProduct, productBySku, type NewCard, type Product } from '../../db/catalog.ts';
import type { ApiCaller } from '../../db/access.ts';
import { KnownError } from '../../domain/errors.ts';
import { numberOf, readShape } from '../../domain/key-shape.ts';
import { keyProblems } from '../../domain/key-problems.ts';
import type { Mode } from '../../domain/order.ts';
import { freeNumbers } from '../../db/numbers.ts';
import type { Pool } from '../../db/sql.ts';
import { stockOf } from '../../db/stock.ts';
import { keyText, sealKey } from '../../integrations/keyring/goods.ts';
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
    const { currency, partLabels } = product;
    const chosen = product.cardUse === 'chosen';
    const cards = body.cards.map((card, at): NewCard => {
      // A plain text is one key as it is, whatever names the product has for parts.
      const { parts, surchargeMinor, expiresAt } = typeof card === 'string' ? { parts: [card] } : card;
      const shape = { chosen, parts: typeof card === 'string' ? 1 : partLabels.length, currency };
      const problem = readShape(shape, parts, '');
      if (typeof problem === 'string') {
        throw new KnownError('BAD_REQUEST', [{ field: `cards.${at}`, problem, ...keyProblems[problem] }]);
      }
      const sealed = sealKey(keyring, product.id, keyText(parts));
      return {
        ...sealed,
        ...(chosen && { label: numberOf(parts), surchargeMinor: surchargeMinor ?? 0 }),
        ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }),
      };
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

  serve(router, authenticate, shop.listNumbers, async ({ params, query, caller }) => {
    const product = await known(params.sku);
    return numbersOf(pool, product, who(caller).mode, query);
  });

  serve(router, authenticate, shop.readStock, async ({ params, caller }) => {
    const product = await known(params.sku);
    const { available, sold } = await stockOf(pool, product.id, who(caller).mode);
    return { available, sold };
  });
}

/** A page of the numbers of a product that is sold by number; none of one that is not. */
export async function numbersOf(
  pool: Pool,
  product: Pick<Product, 'id' | 'cardUse' | 'priceMinor'>,
  mode: Mode,
  { after, search, limit }: { after?: string | undefined; search?: string | undefined; limit: number },
): Promise<(typeof shop.numbersPage)['_output']> {
  if (product.cardUse !== 'chosen') return { items: [], next: null };
  const rows = await freeNumbers(pool, product.id, mode, { after, holding: search, limit });
  return {
    items: rows.map((row) => ({ ...row, priceMinor: product.priceMinor + row.surchargeMinor })),
    next: rows.length === limit ? (rows.at(-1)?.number ?? null) : null,
  };
}

function who(caller: ApiCaller | undefined): ApiCaller {
  if (!caller) throw new KnownError('UNAUTHENTICATED');
  return caller;
}
