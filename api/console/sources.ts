/** The sources of a product, and the purchases that were made by them. */
import type { Router } from 'express';
import { productBySku, type Product } from '../../db/catalog.ts';
import { purchasePage, type PurchaseRow } from '../../db/purchase-list.ts';
import { productSources, replaceSources, type Source } from '../../db/sources.ts';
import { supplierById } from '../../db/suppliers.ts';
import { KnownError } from '../../domain/errors.ts';
import { openPurchaseStates, refusals } from '../../domain/supplier.ts';
import { compilePattern } from '../../integrations/linear-pattern.ts';
import { consoleSuppliers } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { person, serve, type Authenticate } from '../serve.ts';
import { reasonOf } from './words.ts';

type PurchaseView = (typeof consoleSuppliers.purchaseView)['_output'];

/** How a purchase looks in the console. */
export function viewPurchase(p: PurchaseRow): PurchaseView {
  return {
    id: p.id,
    ref: p.ref,
    orderNo: p.orderNo,
    sku: p.sku,
    productName: p.productName,
    supplierId: p.supplierId,
    supplier: p.supplier,
    mode: p.mode,
    quantity: p.quantity,
    state: p.state,
    evidence: p.evidence,
    supplierRef: p.supplierRef,
    costMinor: p.costMinor,
    currency: p.currency,
    reason: p.refusal && refusals[p.refusal].code,
    why: p.refusal && reasonOf(refusals[p.refusal].code),
    problems: p.problems.map(({ line, problem }) => ({ line, problem })),
    createdAt: p.createdAt.toISOString(),
    placedAt: p.placedAt?.toISOString() ?? null,
    settledAt: p.settledAt?.toISOString() ?? null,
  };
}

export function sourceRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool } = deps;
  const known = async (sku: string): Promise<Product> => {
    const product = await productBySku(pool, sku);
    if (!product) throw new KnownError('PRODUCT_NOT_FOUND');
    return product;
  };
  /** What would only be noticed when an order is paid is said now. */
  const check = async (sources: readonly Source[]): Promise<void> => {
    const problems: { field: string; zh: string; en: string }[] = [];
    const met = new Set<string>();
    for (const [i, s] of sources.entries()) {
      const say = (field: string, zh: string, en: string): void =>
        void problems.push({ field: `sources.${i}.${field}`, zh, en });
      if (!(await supplierById(pool, s.supplierId))) say('supplierId', '没有该供应商', 'no such supplier');
      if (met.has(`${s.supplierId} ${s.supplierSku}`)) say('supplierSku', '重复的货源', 'the same source twice');
      met.add(`${s.supplierId} ${s.supplierSku}`);
      if (s.pattern !== null && !compilePattern(s.pattern))
        say('pattern', '正则表达式不正确', 'not a regular expression');
    }
    if (problems.length > 0) throw new KnownError('SOURCE_INVALID', problems);
  };

  serve(router, authenticate, consoleSuppliers.readSources, async ({ params }) =>
    productSources(pool, (await known(params.sku)).id),
  );

  serve(router, authenticate, consoleSuppliers.writeSources, async (call) => {
    const product = await known(call.params.sku);
    await check(call.body.sources);
    await replaceSources(pool, product.id, call.body, person(call).actorId);
    return productSources(pool, product.id);
  });

  serve(router, authenticate, consoleSuppliers.listPurchases, async ({ query }) => {
    const { state, ...rest } = query;
    const states = state === undefined ? undefined : state === 'open' ? openPurchaseStates : [state];
    return { purchases: (await purchasePage(pool, { ...rest, states })).map(viewPurchase) };
  });
}
