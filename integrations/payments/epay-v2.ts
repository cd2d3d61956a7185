/**
 * 易支付 v2, RSA: SHA256withRSA both ways. Requests carry our signature, answers and notifications the platform's.
 * Source: the `/api/pay/*` documentation that the sites publish (mpay_v2, epay_v2.md).
 */
import { sign, verify as verifyBytes, type KeyObject } from 'node:crypto';
import { formatAmount } from '../../domain/money.ts';
import type { Outbound } from '../outbound.ts';
import { checkFields, gatewayOf, keyPattern, perConfig, urlPattern, type ConfigField, type ConfigProblem } from '../config-fields.ts'; // prettier-ignore
import { epayCurrency, epayEvent, epayForm, epayMethods, epayPayment, readEpayOrder } from './epay.ts';
import { canonical, couldBeResplit } from './form.ts';
import { ack, askForm, codeText, jsonOf, textOf, type JsonObject } from './gateway-call.ts';
import { privateKeyOf, publicKeyOf, sameKey, wrongKind } from './keys.ts';
import { QueryUnknown, refuse, type PaymentProvider, type ProviderAccount, type RawNotification, type Verdict } from './provider.ts'; // prettier-ignore

/** Older than this a notification may be a replay; it is taken in, but the gateway is asked before delivery. */
const freshSeconds = 300;

const configFields: readonly ConfigField[] = [
  { key: 'gateway', label: { zh: '网关地址', en: 'Gateway address' }, secret: false, required: true, pattern: urlPattern },
  { key: 'pid', label: { zh: '商户ID (pid)', en: 'Merchant id (pid)' }, secret: false, required: true, pattern: /^\d{1,20}$/ },
  { key: 'privateKey', label: { zh: '商户私钥', en: 'Merchant private key' }, secret: true, required: true, pattern: keyPattern, multiline: true, help: { zh: '在易支付后台生成密钥对时保存的私钥', en: 'The private key saved when the pair was made' } },
  { key: 'platformKey', label: { zh: '平台公钥', en: 'Platform public key' }, secret: false, required: true, pattern: keyPattern, multiline: true, help: { zh: '易支付后台“API信息”中的平台公钥', en: 'Shown in the console of the site' } },
]; // prettier-ignore

const keysOf = perConfig((config) => ({
  own: privateKeyOf(config['privateKey'] ?? ''),
  platform: publicKeyOf(config['platformKey'] ?? ''),
}));

/** The signature of version 2 over parameters of any kind but nested ones. */
export function signEpayV2(params: Iterable<readonly [string, string]>, key: KeyObject): string {
  return sign('sha256', Buffer.from(canonical(params), 'utf8'), key).toString('base64');
}

function fits(params: Iterable<readonly [string, string]>, signature: string, key: KeyObject): boolean {
  return verifyBytes('sha256', Buffer.from(canonical(params), 'utf8'), key, Buffer.from(signature, 'base64'));
}

const signaturePattern = /^[A-Za-z0-9+/]{300,700}={0,2}$/;

function verify(account: ProviderAccount, raw: RawNotification): Verdict {
  const { platform } = keysOf(account.config);
  if (!platform) return refuse('SECRET_MISSING');
  const form = epayForm(raw);
  if (typeof form === 'string') return refuse(form);
  const signature = form.get('sign') ?? '';
  if (!signaturePattern.test(signature) || form.get('sign_type') !== 'RSA') return refuse('BAD_FORMAT');
  if (couldBeResplit(form)) return refuse('AMBIGUOUS');
  if (!fits(form, signature, platform)) return refuse('BAD_SIGNATURE');
  const verdict = epayEvent(account, form);
  if (!verdict.ok) return verdict;
  // Retries may carry the first timestamp: refusing old ones could lose money.
  const at = /^\d{10}$/.test(form.get('timestamp') ?? '') ? Number(form.get('timestamp')) : 0;
  const stale = Math.abs(raw.receivedAt.getTime() / 1000 - at) > freshSeconds;
  return stale ? { ok: true, event: { ...verdict.event, mustConfirm: true } } : verdict;
}

function checkConfig(config: Readonly<Record<string, string>>): ConfigProblem[] {
  const problems = checkFields(configFields, config);
  if (problems.length > 0) return problems;
  const { own, platform } = keysOf(config);
  if (!own) problems.push(wrongKind('privateKey', { zh: '商户私钥', en: 'the merchant private key' }, config['privateKey'] ?? '')); // prettier-ignore
  if (!platform) problems.push(wrongKind('platformKey', { zh: '平台公钥', en: 'the platform public key' }, config['platformKey'] ?? '')); // prettier-ignore
  if (own && platform && sameKey(own, platform)) {
    problems.push({
      field: 'platformKey',
      zh: '这是商户公钥，请填写易支付后台显示的平台公钥',
      en: "this is the merchant's own public key; the platform's is wanted",
    });
  }
  return problems;
}

async function api(
  account: ProviderAccount,
  path: string,
  given: Readonly<Record<string, string>>,
  outbound: Outbound,
): Promise<JsonObject> {
  const { own, platform } = keysOf(account.config);
  if (!own || !platform) throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'KEYS');
  const params = new Map(
    Object.entries({
      pid: account.config['pid'] ?? '',
      ...given,
      timestamp: String(Math.floor(Date.now() / 1000)),
    }),
  );
  params.set('sign', signEpayV2(params, own));
  params.set('sign_type', 'RSA');
  const answer = await askForm(outbound, `${gatewayOf(account.config)}${path}`, params);
  const json = jsonOf(answer.body);
  const flat = Object.keys(json).map((key): [string, string] => [key, textOf(json, key)]);
  const signature = textOf(json, 'sign');
  // Refusals may come unsigned; nothing is believed of them but that the answer is no.
  if (textOf(json, 'code') === '0' && (!signaturePattern.test(signature) || !fits(flat, signature, platform))) {
    throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'SIGNATURE');
  }
  return json;
}

export const epayV2: PaymentProvider = {
  id: 'epay_v2',
  name: { zh: '易支付 V2 (RSA)', en: 'Epay V2 (RSA)' },
  modes: ['live', 'test'],
  currencies: [epayCurrency],
  methods: epayMethods,
  canQuery: true,
  confirmByQueryDefault: true,
  createsRemotely: false,
  configFields,
  checkConfig,
  verify,
  acknowledge: { accepted: ack('success'), refused: ack('fail'), retryLater: ack('fail', 503) },

  async createPayment(account, payment) {
    const { own } = keysOf(account.config);
    if (!own) throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'KEYS');
    const params = epayPayment(account, payment);
    params.set('timestamp', String(Math.floor(Date.now() / 1000)));
    params.set('sign', signEpayV2(params, own));
    params.set('sign_type', 'RSA');
    const url = `${gatewayOf(account.config)}/api/pay/submit?${new URLSearchParams([...params]).toString()}`;
    return Promise.resolve({ kind: 'redirect', url });
  },
  async query(account, { orderNo }, outbound) {
    return readEpayOrder(await api(account, '/api/pay/query', { out_trade_no: orderNo }, outbound), '0', orderNo);
  },
  async close(account, { orderNo }, outbound) {
    const json = await api(account, '/api/pay/close', { out_trade_no: orderNo }, outbound);
    if (textOf(json, 'code') === '0') return 'closed';
    throw new QueryUnknown('GATEWAY_BAD_ANSWER', codeText(textOf(json, 'code')));
  },
  refunds: {
    partial: true,
    idempotent: true,
    async send(account, refund, outbound) {
      const json = await api(
        account,
        '/api/pay/refund',
        {
          trade_no: refund.tradeNo,
          money: formatAmount(refund.amountMinor, refund.currency),
          out_refund_no: refund.refundNo,
        },
        outbound,
      );
      // Two steps: accepted here, done when the query says so.
      if (textOf(json, 'code') === '0') return { status: 'pending' };
      return { status: 'failed', detail: codeText(textOf(json, 'code')) };
    },
    async ask(account, refund, outbound) {
      const json = await api(account, '/api/pay/refundquery', { out_refund_no: refund.refundNo }, outbound);
      if (textOf(json, 'code') !== '0') return { status: 'none', detail: codeText(textOf(json, 'code')) };
      return { status: textOf(json, 'status') === '1' ? 'done' : 'pending' };
    },
  },
};
