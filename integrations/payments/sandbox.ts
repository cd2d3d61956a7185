/**
 * The provider of test mode: no money moves. A notification is a JSON POST signed with a secret that is random per
 * installation: `Miaofa-Sandbox-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`. It exists in mode `test`
 * only; the database refuses it elsewhere (rule 11).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { checkFields, type ConfigField } from '../config-fields.ts';
import { ack } from './gateway-call.ts';
import { QueryUnknown, type PaymentProvider, type ProviderAccount, type RawNotification, type Verdict } from './provider.ts'; // prettier-ignore

const toleranceSeconds = 300;

const event = z.strictObject({
  orderNo: z.string().regex(/^[\w-]{1,64}$/),
  tradeNo: z.string().regex(/^[\w-]{4,64}$/),
  amountMinor: z.int().min(0),
  currency: z.string().regex(/^[A-Z]{3}$/),
  status: z.enum(['paid', 'waiting', 'closed', 'partially_refunded', 'refunded', 'disputed']),
  confirmations: z.int().min(0).optional(),
  final: z.boolean().optional(),
});

/** The header's value. `at` in Unix seconds. */
export function signSandbox(secret: string, at: number, body: string | Buffer): string {
  return `t=${at},v1=${createHmac('sha256', secret).update(`${at}.`).update(body).digest('hex')}`;
}

const configFields: readonly ConfigField[] = [
  { key: 'secret', label: { zh: '沙箱密钥', en: 'Sandbox secret' }, secret: true, required: true, pattern: /^[\x21-\x7e]{32,128}$/ },
  { key: 'payUrl', label: { zh: '支付页地址', en: 'Pay page' }, secret: false, required: false, pattern: /^https?:\/\/[^\s#]+$/ },
]; // prettier-ignore

function verify(account: ProviderAccount, raw: RawNotification): Verdict {
  const secret = account.config['secret'] ?? '';
  if (raw.method !== 'POST') return { ok: false, code: 'METHOD' };
  if (account.mode !== 'test' || secret.length < 32) return { ok: false, code: 'SECRET_MISSING' };
  const header = raw.headers['miaofa-sandbox-signature'];
  const at = /^t=(\d{1,12}),v1=[0-9a-f]{64}$/.exec(typeof header === 'string' ? header : '')?.[1];
  if (at === undefined) return { ok: false, code: 'BAD_FORMAT' };
  const expected = Buffer.from(signSandbox(secret, Number(at), raw.body));
  const given = Buffer.from(String(header));
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    return { ok: false, code: 'BAD_SIGNATURE' };
  if (Math.abs(raw.receivedAt.getTime() / 1000 - Number(at)) > toleranceSeconds) return { ok: false, code: 'STALE' };
  let parsed;
  try {
    parsed = event.safeParse(JSON.parse(raw.body.toString('utf8')));
  } catch {
    return { ok: false, code: 'BAD_FORMAT' };
  }
  if (!parsed.success) return { ok: false, code: 'BAD_FORMAT' };
  const { status, confirmations, final, ...rest } = parsed.data;
  return {
    ok: true,
    event: {
      ...rest,
      meaning: status,
      ...(confirmations !== undefined && { confirmations }),
      ...(final !== undefined && { final }),
    },
  };
}

export const sandbox: PaymentProvider = {
  id: 'sandbox',
  name: { zh: '沙箱支付（仅测试模式）', en: 'Sandbox (test mode only)' },
  modes: ['test'],
  currencies: 'any',
  methods: [],
  createsRemotely: false,
  // There is nobody to ask.
  canQuery: false,
  confirmByQueryDefault: false,
  configFields,
  checkConfig: (config) => checkFields(configFields, config),
  selfNotification({ config }, orderNo, now) {
    const body = JSON.stringify({ orderNo, tradeNo: `check-${orderNo}`, amountMinor: 1, currency: 'CNY', status: 'waiting' }); // prettier-ignore
    const signature = signSandbox(config['secret'] ?? '', Math.floor(now.getTime() / 1000), body);
    const headers = { 'content-type': 'application/json', 'miaofa-sandbox-signature': signature };
    return { method: 'POST', headers, query: '', body: Buffer.from(body) };
  },
  verify,
  acknowledge: {
    accepted: ack('{"ok":true}', 200, 'application/json'),
    refused: ack('{"ok":false}', 400, 'application/json'),
    retryLater: ack('{"ok":false}', 503, 'application/json'),
  },
  createPayment: (account, payment) =>
    Promise.resolve({
      kind: 'redirect',
      url: `${account.config['payUrl'] ?? payment.returnUrl}?order=${encodeURIComponent(payment.orderNo)}`,
    }),
  query: () => Promise.reject(new QueryUnknown('GATEWAY_SILENT')),
  refunds: {
    partial: true,
    idempotent: true,
    send: () => Promise.resolve({ status: 'done' }),
  },
};
