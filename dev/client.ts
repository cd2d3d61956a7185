/** A shop and a buyer by HTTP, as real ones: for the demo, the benchmarks and the tests. */
import { randomUUID } from 'node:crypto';

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** JSON over HTTP; throws for anything but the expected status. */
export async function call<T>(
  url: string,
  options: { method?: string; token?: string; body?: unknown; headers?: Record<string, string>; expect?: number } = {},
): Promise<T> {
  const { method = options.body === undefined ? 'GET' : 'POST', token, body, headers, expect } = options;
  const response = await fetch(url, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const fits = expect === undefined ? response.ok : response.status === expect;
  if (!fits) throw new Error(`${method} ${new URL(url).pathname} → ${response.status}: ${text.slice(0, 400)}`);
  return JSON.parse(text) as T;
}

export interface PlacedOrder {
  readonly orderNo: string;
  readonly payUrl: string;
  readonly payKind?: 'redirect' | 'qr';
  readonly pickupUrl: string;
}

export interface Shop {
  readonly apiKey: string;
  readonly webhookSecret: string | null;
  createProduct(product: { sku: string; name: string; priceMinor: number; policy?: object }): Promise<void>;
  addCards(sku: string, cards: readonly string[]): Promise<{ added: number; duplicates: number }>;
  order(order: {
    sku: string;
    quantity?: number;
    email?: string;
    accountId?: number;
    key?: string;
  }): Promise<PlacedOrder>;
  read(orderNo: string): Promise<{ state: string; failureCode: string | null; deliveredAt: string | null }>;
}

/** Makes a shop with an API key of its own. */
export async function openShop(
  base: string,
  opsToken: string,
  shop: { name: string; mode: 'live' | 'test'; webhookUrl?: string },
): Promise<Shop> {
  const { apiKey, webhookSecret } = await call<{ apiKey: string; webhookSecret: string | null }>(
    `${base}/ops/api/keys`,
    {
      token: opsToken,
      body: {
        shop: shop.name,
        mode: shop.mode,
        scopes: ['orders', 'catalog'],
        ...(shop.webhookUrl && { webhookUrl: shop.webhookUrl }),
      },
    },
  );
  return useShop(base, apiKey, webhookSecret);
}

/** A shop whose API key is known. */
export function useShop(base: string, apiKey: string, webhookSecret: string | null = null): Shop {
  return {
    apiKey,
    webhookSecret,
    async createProduct(product) {
      await call(`${base}/api/v1/products`, { token: apiKey, body: product });
    },
    addCards: (sku, cards) =>
      call(`${base}/api/v1/products/${encodeURIComponent(sku)}/cards`, { token: apiKey, body: { cards } }),
    async order({ key = randomUUID(), ...body }) {
      const { order, payUrl, pickupUrl } = await call<{
        order: { orderNo: string };
        payUrl: string;
        pickupUrl: string;
      }>(`${base}/api/v1/orders`, { token: apiKey, body, headers: { 'idempotency-key': key } });
      return { orderNo: order.orderNo, payUrl, pickupUrl };
    },
    async read(orderNo) {
      return (
        await call<{ order: Awaited<ReturnType<Shop['read']>> }>(`${base}/api/v1/orders/${orderNo}`, { token: apiKey })
      ).order;
    },
  };
}

export interface Pickup {
  /** The goods, or undefined while they are not there. */
  goods(): Promise<string[] | undefined>;
}

/** Opens the pickup page as a browser does: the token of the fragment becomes a cookie. */
export async function openPickup(base: string, pickupUrl: string): Promise<Pickup> {
  const token = new URL(pickupUrl).hash.slice(1);
  const response = await fetch(`${base}/pickup/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  if (!response.ok) throw new Error(`pickup → ${response.status}`);
  const { orderNo } = (await response.json()) as { orderNo: string };
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  return {
    async goods() {
      const answer = await fetch(`${base}/pickup/${orderNo}/goods`, { method: 'POST', headers: { cookie } });
      const body = (await answer.json()) as { goods?: string[]; error?: { code: string } };
      if (answer.status === 409) return undefined;
      if (!body.goods) throw new Error(`goods → ${answer.status} ${body.error?.code ?? ''}`);
      return body.goods;
    },
  };
}

/**
 * Looks again and again until there is something; rejects after `timeoutMs`. Unless told how often, it looks less often
 * after a second: the buyers' pages refuse who asks a thousand times a minute.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined>,
  timeoutMs: number,
  pauseMs?: number,
): Promise<T> {
  const began = performance.now();
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    const waited = performance.now() - began;
    if (waited > timeoutMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs ?? (waited < 1_000 ? 5 : 100)));
  }
}
