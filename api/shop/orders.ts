/** Orders of shops: placed once per idempotency key, whatever happens between. */
import { createHash, randomBytes } from 'node:crypto';
import type { Router } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';
import { accountForOrder, type ApiCaller } from '../../db/access.ts';
import { productBySku, type Product } from '../../db/catalog.ts';
import { findNumber } from '../../db/numbers.ts';
import { orderByKey, orderByNo, type ChosenNumber, type OrderRow } from '../../db/orders.ts';
import type { Queryable } from '../../db/sql.ts';
import { productTexts } from '../../db/templates.ts';
import { mergeTexts, type LocalizedTexts } from '../../domain/templates.ts';
import { liveSince } from '../../db/live.ts';
import { placeOrder } from '../../db/placing.ts';
import { readSetting } from '../../db/settings.ts';
import { topUpOf } from '../../db/topups.ts';
import { KnownError } from '../../domain/errors.ts';
import type { Mode } from '../../domain/order.ts';
import { makeOrderNo, orderNoBytes } from '../../domain/ids.ts';
import { mergePolicies } from '../../domain/policy.ts';
import { triggerOf } from '../../domain/trigger.ts';
import { compilePattern } from '../../integrations/linear-pattern.ts';
import { contactAad } from '../../integrations/keyring/keyring.ts';
import { sha256 } from '../authenticate.ts';
import { shop } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { serve, type Authenticate, type Call } from '../serve.ts';
import { checkPayable, payRequestFor } from './pay-request.ts';

type OrderView = (typeof shop.orderView)['_output'];

/** How an order looks from outside. */
export function viewOrder(o: OrderRow): OrderView {
  return {
    orderNo: o.no,
    state: o.state,
    failureCode: o.failureCode,
    placeInLine: o.place,
    mode: o.mode,
    sku: o.sku,
    productName: o.productName,
    quantity: o.quantity,
    number: o.number,
    amountMinor: o.amountMinor,
    currency: o.currency,
    createdAt: o.createdAt.toISOString(),
    expiresAt: o.expiresAt.toISOString(),
    paidAt: o.paidAt?.toISOString() ?? null,
    deliveredAt: o.releasedAt?.toISOString() ?? null,
  };
}

/** What placing needs; our own checkout and the test order place by the same way as shops. */
export type Placing = Pick<Call<typeof shop.createOrder>, 'headers' | 'body'> & { readonly caller: ApiCaller };

export function orderRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  serve(router, authenticate, shop.createOrder, async (call) => {
    const { caller } = call;
    if (!caller) throw new KnownError('UNAUTHENTICATED');
    const order = await place(deps, { ...call, caller });
    const pay = await payRequestFor(deps, order, call.body.payMethod, call.body.buyerAddress);
    const token = deps.keyring.open('contact', order.token, contactAad(order.no)).toString('utf8');
    return {
      order: viewOrder(order),
      payUrl: pay.url,
      payKind: pay.kind,
      pickupUrl: `${deps.environment.PUBLIC_URL}/pickup#${token}`,
    };
  });

  serve(router, authenticate, shop.readOrder, async ({ params, caller }) => {
    const order = await orderByNo(deps.pool, params.no);
    // Somebody else's order is as unknown as one that does not exist.
    if (!order || order.shopId !== caller?.shopId || order.mode !== caller.mode)
      throw new KnownError('ORDER_NOT_FOUND');
    return { order: viewOrder(order) };
  });
}

/** The order, placed once per idempotency key; rejects with what the contract names. */
export async function place(deps: ApiDeps, { caller, headers, body }: Placing): Promise<OrderRow> {
  const key = headers['idempotency-key'];
  // Where the buyer's phone is says nothing about what is ordered: the same request from another network is the same.
  const requestHash = createHash('sha256')
    .update(JSON.stringify([caller.mode, { ...body, buyerAddress: undefined }]))
    .digest();
  const known = await orderByKey(deps.pool, caller.shopId, key);
  if (known) return repeated(known, requestHash);

  const { pool, keyring, environment } = deps;
  const [open, product, account, policy, trigger] = await Promise.all([
    caller.mode === 'test' || liveSince(pool),
    productBySku(pool, body.sku),
    accountForOrder(pool, caller.mode, { id: body.accountId, provider: body.provider }),
    readSetting(pool, 'delivery_policy'),
    readSetting(pool, 'trigger'),
  ]);
  if (!open) throw new KnownError('SHOP_NOT_LIVE');
  if (!product) throw new KnownError('PRODUCT_NOT_FOUND');
  if (product.state !== 'on_sale') throw new KnownError('PRODUCT_OFF_SALE');
  const provider = account && deps.providers.get(account.provider);
  if (!provider) throw new KnownError('ACCOUNT_NOT_FOUND');
  checkPayable(provider, product.currency, body.payMethod);

  const now = new Date();
  const no = makeOrderNo(now, randomBytes(orderNoBytes));
  const token = randomBytes(16).toString('base64url');
  const aad = contactAad(no);
  const email = body.email ?? null;
  const number = await chosenNumber(deps, product, caller.mode, body.number).catch((error: unknown) => error as Error);
  if (number instanceof Error) {
    // Another request with the same key may have taken it.
    const placed = await orderByKey(pool, caller.shopId, key);
    if (placed) return repeated(placed, requestHash);
    throw number;
  }
  const amountMinor = product.priceMinor * body.quantity + (number?.surchargeMinor ?? 0);
  const placing = {
    no,
    mode: caller.mode,
    shopId: caller.shopId,
    idempotencyKey: key,
    requestHash,
    productId: product.id,
    quantity: body.quantity,
    amountMinor,
    currency: product.currency,
    accountId: account.id,
    confirmByQuery:
      provider.canQuery && (account.confirmByQuery || amountMinor >= (account.confirmAboveMinor ?? Infinity)),
    policy: mergePolicies(policy, product.policy),
    trigger: triggerOf(trigger, product.trigger),
    locale: body.locale,
    contact: email === null ? null : keyring.seal('contact', email, aad),
    contactIndex: email === null ? null : keyring.fingerprint('contact', email.trim().toLowerCase()),
    addressIndex:
      body.buyerAddress === undefined ? null : keyring.fingerprint('address', ipKeyGenerator(body.buyerAddress, 64)),
    remark: body.remark ? keyring.seal('contact', body.remark, aad) : null,
    tokenHash: sha256(token),
    token: keyring.seal('contact', token, aad),
    webhook: caller.webhook,
    expiresAt: new Date(now.getTime() + environment.ORDER_TTL_MINUTES * 60_000),
    target: await target(deps, product.id, product.kind, body.account, no),
    number,
    nextQueryAt: provider.canQuery ? new Date(now.getTime() + 15_000) : null,
  };
  const fromPool = product.kind === 'card' && product.cardUse !== 'loop';
  const refused = await placeOrder(pool, placing, {
    ...product,
    maxQuantity: product.cardUse === 'single' ? product.maxQuantity : 1,
    unitsForSale: fromPool ? null : product.stockLimit,
    text: product.hasTexts ? await textToKeep(pool, product.id) : undefined,
  }).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error('not placed')),
  );
  // Also if another request with the same key was faster: there is one order, and both get it.
  // The first of two may have used up what the second was refused for.
  const order = await orderByKey(pool, caller.shopId, key);
  if (!order) throw refused ?? new Error('an order vanished after its insert');
  return repeated(order, requestHash);
}

/** 自选卡号: the number that the buyer chose, with its price. It is held only when the order is in. */
async function chosenNumber(
  { pool }: ApiDeps,
  product: Pick<Product, 'id' | 'cardUse'>,
  mode: Mode,
  number: string | undefined,
): Promise<ChosenNumber | undefined> {
  if (product.cardUse !== 'chosen') return undefined;
  if (number === undefined) throw new KnownError('NUMBER_MISSING');
  const found = await findNumber(pool, product.id, mode, number);
  if (!found) throw new KnownError('NUMBER_TAKEN', { number });
  return found;
}

/** The account of a top-up, checked by the product's rule and sealed. */
async function target(
  { pool, keyring }: ApiDeps,
  productId: number,
  kind: string,
  account: string | undefined,
  orderNo: string,
): Promise<Buffer | null> {
  if (kind !== 'topup') return null;
  if (account === undefined) throw new KnownError('TARGET_MISSING');
  const rule = await topUpOf(pool, productId);
  if (rule && compilePattern(rule.pattern)?.(account) !== true) throw new KnownError('TARGET_INVALID');
  return keyring.seal('contact', account, contactAad(orderNo));
}

/** Template and product's own words of this moment, merged: what the order is sold with. */
async function textToKeep(db: Queryable, productId: number): Promise<{ hash: Buffer; content: LocalizedTexts }> {
  const { template, texts } = await productTexts(db, productId);
  const content = mergeTexts(template, texts);
  return { hash: sha256(JSON.stringify(content)), content };
}

function repeated(order: OrderRow, requestHash: Buffer): OrderRow {
  if (!order.requestHash.equals(requestHash)) throw new KnownError('IDEMPOTENCY_CONFLICT', { orderNo: order.no });
  return order;
}
