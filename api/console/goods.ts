/** Products in the console. */
import type { Router } from 'express';
import {
  createProduct,
  editProduct,
  findProducts,
  productById,
  productFacets,
  productHistory,
  type ProductRow,
} from '../../db/products.ts';
import { readSetting } from '../../db/settings.ts';
import { noStock, stockFacts, type StockFacts } from '../../db/stock.ts';
import { KnownError } from '../../domain/errors.ts';
import { stockWarningOf } from '../../domain/settings.ts';
import { checkName } from '../../domain/product-name.ts';
import { checkProduct, type ProductFields } from '../../domain/product.ts';
import { sqlState, type Queryable } from '../../db/sql.ts';
import { consoleGoods } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { person, serve, type Authenticate } from '../serve.ts';
import { cardRoutes } from './cards.ts';
import { sheetRoutes } from './sheets.ts';
import { templateRoutes, validTexts } from './templates.ts';
import { importRoutes } from './imports.ts';

type View = (typeof consoleGoods.productView)['_output'];

function view(p: ProductRow, facts: readonly StockFacts[]): View {
  const stockOf = (mode: 'live' | 'test'): View['stock']['live'] => {
    const found = facts.find((f) => f.productId === p.id && f.mode === mode);
    const { available, held, sold, expired, void: bad, expiring, soldWeek, daysOfSupply } = found ?? noStock;
    return { available, held, sold, expired, void: bad, expiring, soldWeek, daysOfSupply };
  };
  const { nameType, nameBrand, nameFace, nameValidity, createdAt, updatedAt, ...fields } = p;
  return {
    ...fields,
    partLabels: [...p.partLabels],
    tags: [...p.tags],
    policy: p.policy,
    nameParts:
      nameType !== null && nameFace !== null && nameValidity !== null
        ? { type: nameType, brand: nameBrand, face: nameFace, validity: nameValidity }
        : null,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
    stock: { live: stockOf('live'), test: stockOf('test') },
  };
}

/** Days before expiry from which a key counts as expiring: the setting `stock_warning`. */
async function expiryDays(db: Queryable): Promise<number> {
  return stockWarningOf(await readSetting(db, 'stock_warning')).expiryDays;
}

function fits(fields: ProductFields): void {
  validTexts(fields.texts);
  const problems = checkProduct(fields);
  if (problems.length > 0) throw new KnownError('PRODUCT_INVALID', problems);
}

/** A template that does not exist is told by the foreign key. */
async function knowsTemplate<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw sqlState(error) === '23503' ? new KnownError('TEMPLATE_NOT_FOUND') : error;
  });
}

export function goodsRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool } = deps;
  importRoutes(router, authenticate, deps);
  templateRoutes(router, authenticate, deps);
  sheetRoutes(router, authenticate, deps);
  cardRoutes(router, authenticate, deps);
  const show = async (id: number): Promise<View> => {
    const product = await productById(pool, id);
    if (!product) throw new KnownError('PRODUCT_NOT_FOUND');
    return view(product, await stockFacts(pool, [id], await expiryDays(pool)));
  };

  serve(router, authenticate, consoleGoods.listProducts, async ({ query }) => {
    const rows = await findProducts(pool, query);
    const ids = rows.map((row) => row.id);
    const facts = await stockFacts(pool, ids, await expiryDays(pool));
    return { items: rows.map((row) => view(row, facts)), next: rows.length === query.limit ? (ids.at(-1) ?? null) : null }; // prettier-ignore
  });

  serve(router, authenticate, consoleGoods.productFacets, async () => {
    const { types, brands, faces, validities, tags } = await productFacets(pool);
    return { types: [...types], brands: [...brands], faces: [...faces], validities: [...validities], tags: [...tags] };
  });

  serve(router, authenticate, consoleGoods.checkName, ({ body }) => {
    const { parts, problems, suggestion } = checkName(body.name);
    return Promise.resolve({ parts: parts ?? null, problems: [...problems], suggestion: suggestion ?? null });
  });

  serve(router, authenticate, consoleGoods.readProduct, ({ params }) => show(params.id));

  serve(router, authenticate, consoleGoods.createProduct, async (call) => {
    const fields = call.body as ProductFields;
    fits(fields);
    const id = await knowsTemplate(createProduct(pool, fields, person(call).actorId));
    if (id === undefined) throw new KnownError('SKU_TAKEN');
    return show(id);
  });

  serve(router, authenticate, consoleGoods.editProduct, async (call) => {
    const { version, ...fields } = call.body;
    fits(fields as ProductFields);
    const { actorId } = person(call);
    await knowsTemplate(editProduct(pool, call.params.id, version, fields as ProductFields, actorId));
    return show(call.params.id);
  });

  serve(router, authenticate, consoleGoods.productHistory, async ({ params }) => ({
    items: (await productHistory(pool, params.id)).map((row) => ({ ...row, at: row.at.toISOString() })),
  }));
}
