/**
 * Stripe events: HMAC-SHA256 over `t.body`, several signatures while a secret is changed. Identity is the endpoint's
 * secret and `livemode`. Source: docs.stripe.com/webhooks.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { foreignOrderNo } from '../form.ts';
import { refuse, type PaymentEvent, type PaymentMeaning, type ProviderAccount, type RawNotification, type Verdict } from '../provider.ts'; // prettier-ignore

const toleranceSeconds = 300;

const currency = z.string().regex(/^[a-z]{3}$/).transform((c) => c.toUpperCase()); // prettier-ignore
const minor = z.int().min(0);
/** An id, or an object that was expanded. */
const idOf = z.union([z.string(), z.object({ id: z.string() }).transform((o) => o.id)]);
const metadata = z
  .object({ order_no: z.string().regex(foreignOrderNo) })
  .partial()
  .nullish();

/** A Checkout session; also the answer to a query. */
export const session = z.object({
  id: z.string().regex(/^[\w-]{4,255}$/),
  status: z.string().nullish(),
  payment_status: z.enum(['paid', 'unpaid', 'no_payment_required']),
  amount_total: minor,
  currency,
  client_reference_id: z.string().regex(foreignOrderNo),
  payment_intent: idOf.nullish(),
});
const charge = z.object({
  payment_intent: idOf,
  amount: minor,
  amount_refunded: minor,
  refunded: z.boolean(),
  currency,
  metadata,
});
const refund = z.object({
  payment_intent: idOf,
  amount: minor,
  currency,
  status: z.string(),
  metadata: z.object({ refund_no: z.string().regex(foreignOrderNo), order_no: z.string().regex(foreignOrderNo) }).partial().nullish(),
}); // prettier-ignore
const dispute = z.object({ payment_intent: idOf, amount: minor, currency });

const envelope = z.object({
  id: z.string().max(255),
  object: z.literal('event'),
  type: z.string().max(80),
  livemode: z.boolean(),
  data: z.object({ object: z.unknown() }),
});

/** All signatures of scheme v1 in the header, and its time; undefined if it is malformed. */
function readHeader(value: unknown): { readonly at: number; readonly signatures: readonly string[] } | undefined {
  if (typeof value !== 'string' || value.length > 2048) return undefined;
  const pairs = value.split(',').map((part) => part.split('=', 2));
  const times = pairs.filter(([key]) => key === 't').map(([, v]) => v ?? '');
  const signatures = pairs.filter(([key, v]) => key === 'v1' && /^[0-9a-f]{64}$/.test(v ?? '')).map(([, v]) => v ?? '');
  if (times.length !== 1 || !/^\d{1,11}$/.test(times[0] ?? '') || signatures.length === 0) return undefined;
  return { at: Number(times[0]), signatures: signatures.slice(0, 8) };
}

export function verify(account: ProviderAccount, raw: RawNotification): Verdict {
  const secret = account.config['webhookSecret'] ?? '';
  if (raw.method !== 'POST') return refuse('METHOD');
  if (secret.length < 16) return refuse('SECRET_MISSING');
  const header = readHeader(raw.headers['stripe-signature']);
  if (!header) return refuse('BAD_FORMAT');
  const expected = createHmac('sha256', secret).update(`${header.at}.`).update(raw.body).digest();
  if (!header.signatures.some((s) => timingSafeEqual(Buffer.from(s, 'hex'), expected))) return refuse('BAD_SIGNATURE');
  // Both ways: Stripe's own library lets times far in the future pass.
  if (Math.abs(raw.receivedAt.getTime() / 1000 - header.at) > toleranceSeconds) return refuse('STALE');
  let parsed;
  try {
    parsed = envelope.safeParse(JSON.parse(raw.body.toString('utf8')));
  } catch {
    return refuse('BAD_FORMAT');
  }
  if (!parsed.success) return refuse('BAD_FORMAT');
  if (parsed.data.livemode !== (account.mode === 'live')) return refuse('WRONG_MERCHANT');
  const event = read(parsed.data.type, parsed.data.data.object);
  return event ? { ok: true, event } : refuse('BAD_FORMAT');
}

/** A session that is paid is known by its payment intent, so that refunds and disputes find it; before that by itself. */
function sessionEvent(object: unknown, meaning: PaymentMeaning): PaymentEvent | undefined {
  const s = session.safeParse(object);
  if (!s.success) return undefined;
  const { data } = s;
  return {
    meaning: meaning === 'paid' && data.payment_status !== 'paid' ? 'waiting' : meaning,
    orderNo: data.client_reference_id,
    tradeNo: data.payment_intent ?? data.id,
    amountMinor: data.amount_total,
    currency: data.currency,
  };
}

function read(type: string, object: unknown): PaymentEvent | undefined {
  switch (type) {
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded':
      return sessionEvent(object, 'paid');
    case 'checkout.session.async_payment_failed':
      return sessionEvent(object, 'waiting');
    case 'checkout.session.expired':
      return sessionEvent(object, 'closed');
    case 'charge.refunded': {
      const c = charge.safeParse(object);
      if (!c.success) return undefined;
      return {
        meaning: c.data.refunded ? 'refunded' : 'partially_refunded',
        orderNo: c.data.metadata?.order_no ?? 'unknown',
        tradeNo: c.data.payment_intent,
        amountMinor: c.data.amount,
        currency: c.data.currency,
        refund: { amountMinor: c.data.amount_refunded }, // the sum of all refunds
      };
    }
    case 'refund.updated':
    case 'refund.failed':
    case 'charge.refund.updated': {
      const r = refund.safeParse(object);
      if (!r.success) return undefined;
      const refundNo = r.data.metadata?.refund_no;
      return {
        meaning: /^(failed|canceled)$/.test(r.data.status) ? 'refund_trouble' : 'waiting',
        orderNo: r.data.metadata?.order_no ?? 'unknown',
        tradeNo: r.data.payment_intent,
        amountMinor: r.data.amount,
        currency: r.data.currency,
        refund: { amountMinor: r.data.amount, ...(refundNo !== undefined && { refundNo }) },
      };
    }
    case 'charge.dispute.created':
    case 'charge.dispute.funds_withdrawn': {
      const d = dispute.safeParse(object);
      if (!d.success) return undefined;
      const { payment_intent: tradeNo, amount: amountMinor, currency: iso } = d.data;
      return { meaning: 'disputed', orderNo: 'unknown', tradeNo, amountMinor, currency: iso };
    }
    default: {
      // Anything else that the endpoint was subscribed to: acknowledged, and kept in the log.
      const id = z.object({ id: z.string().regex(/^[\w-]{4,255}$/) }).safeParse(object);
      return id.success
        ? { meaning: 'waiting', orderNo: 'unknown', tradeNo: id.data.id.slice(0, 64), amountMinor: 0, currency: 'XXX' }
        : undefined;
    }
  }
}
