/** Stripe's API for one machine and for tests: Checkout sessions, refunds with idempotency keys. No money moves. */
import { createHmac } from 'node:crypto';
import type http from 'node:http';
import { makeTrouble, sendJson, startFakeServer, type FakeRequest, type Trouble } from './server.ts';

const secretKey = 'sk_test_fake0123456789';
const webhookSecret = 'whsec_fakefakefakefakefake0123456789';

interface Session {
  readonly id: string;
  readonly orderNo: string;
  readonly amount: number;
  readonly currency: string;
  status: 'open' | 'complete' | 'expired';
  intent: string | null;
}
interface StripeRefund {
  readonly id: string;
  readonly payment_intent: string;
  readonly amount: number;
  readonly metadata: Readonly<Record<string, string>>;
  status: 'succeeded' | 'pending' | 'failed';
}

export interface FakeStripe {
  readonly url: string;
  readonly config: Readonly<Record<string, string>>;
  /** The body of an event about a placed order, unsigned. */
  event(orderNo: string, type?: string, change?: object): string;
  sign(body: string, at?: number): string;
  pay(orderNo: string): void;
  refundNext(how: 'pending' | 'refused' | 'lost' | undefined): void;
  settleRefunds(): void;
  misbehave(trouble: Trouble | undefined): void;
  readonly refunds: readonly StripeRefund[];
  close(): Promise<void>;
}

export async function startFakeStripe(options: { readonly port: number }): Promise<FakeStripe> {
  const sessions = new Map<string, Session>();
  const byKey = new Map<string, object>();
  const refunds: StripeRefund[] = [];
  let trouble: Trouble | undefined;
  let refundMode: 'pending' | 'refused' | 'lost' | undefined;

  const find = (orderNo: string): Session => {
    const session = [...sessions.values()].find((s) => s.orderNo === orderNo);
    if (!session) throw new Error(`no session of order ${orderNo}`);
    return session;
  };
  const view = (s: Session): Record<string, unknown> => ({
    id: s.id,
    object: 'checkout.session',
    status: s.status,
    payment_status: s.intent ? 'paid' : 'unpaid',
    amount_total: s.amount,
    currency: s.currency,
    client_reference_id: s.orderNo,
    payment_intent: s.intent,
    url: `https://checkout.stripe.com/c/pay/${s.id}`,
  });

  const create = (form: URLSearchParams): object => {
    const session: Session = {
      id: `cs_test_${String(sessions.size + 1).padStart(12, '0')}`,
      orderNo: form.get('client_reference_id') ?? '',
      amount: Number(form.get('line_items[0][price_data][unit_amount]')),
      currency: form.get('line_items[0][price_data][currency]') ?? '',
      status: 'open',
      intent: null,
    };
    sessions.set(session.id, session);
    return view(session);
  };

  const refund = (form: URLSearchParams, response: http.ServerResponse): object | undefined => {
    const mode = refundMode;
    refundMode = undefined;
    if (mode === 'refused') {
      sendJson(response, { error: { type: 'invalid_request_error', code: 'charge_already_refunded' } }, 400);
      return undefined;
    }
    const made: StripeRefund = {
      id: `re_${refunds.length + 1}`,
      payment_intent: form.get('payment_intent') ?? '',
      amount: Number(form.get('amount')),
      metadata: { refund_no: form.get('metadata[refund_no]') ?? '', order_no: form.get('metadata[order_no]') ?? '' },
      status: mode === 'pending' ? 'pending' : 'succeeded',
    };
    refunds.push(made);
    if (mode === 'lost') {
      response.destroy();
      return undefined;
    }
    return made;
  };

  const answer = (request: FakeRequest, response: http.ServerResponse): object | undefined => {
    const { pathname: path, searchParams } = request.url;
    const form = new URLSearchParams(request.body);
    const id = /sessions\/(\w+)/.exec(path)?.[1] ?? '';
    if (path === '/v1/checkout/sessions') return create(form);
    if (path === '/v1/refunds' && request.method === 'GET')
      return { data: refunds.filter((r) => r.payment_intent === searchParams.get('payment_intent')) };
    if (path === '/v1/refunds') return refund(form, response);
    const session = sessions.get(id);
    if (session && path.endsWith('/expire')) {
      if (session.status !== 'open') {
        sendJson(response, { error: { code: 'resource_missing' } }, 400);
        return undefined;
      }
      session.status = 'expired';
    }
    return session ? view(session) : { error: {} };
  };

  const server = await startFakeServer(options.port, (request, response) => {
    if (makeTrouble(trouble, response)) return;
    if (request.headers.authorization !== `Bearer ${secretKey}`) {
      sendJson(response, { error: { type: 'invalid_request_error' } }, 401);
      return;
    }
    const key = request.headers['idempotency-key'];
    const known = typeof key === 'string' ? byKey.get(key) : undefined;
    const body = known ?? answer(request, response);
    if (!body) return;
    if (typeof key === 'string') byKey.set(key, body);
    sendJson(response, body);
  });

  return {
    url: server.url,
    config: { secretKey, webhookSecret, gateway: server.url },
    event: (orderNo, type = 'checkout.session.completed', change = {}) =>
      JSON.stringify({
        id: `evt_${orderNo}`,
        object: 'event',
        type,
        livemode: false,
        data: { object: { ...view(find(orderNo)), payment_status: 'paid', status: 'complete', payment_intent: `pi_${orderNo}`, ...change } },
      }), // prettier-ignore
    sign(body, at = Math.floor(Date.now() / 1000)) {
      return `t=${at},v1=${createHmac('sha256', webhookSecret).update(`${at}.${body}`).digest('hex')}`;
    },
    pay(orderNo) {
      const session = find(orderNo);
      session.status = 'complete';
      session.intent = `pi_${orderNo}`;
    },
    refundNext(how) {
      refundMode = how;
    },
    settleRefunds() {
      for (const made of refunds) made.status = 'succeeded';
    },
    misbehave(how) {
      trouble = how;
    },
    refunds,
    close: () => server.close(),
  };
}
