/**
 * The epusdt family of USDT gateways: assimon/epusdt, GMWalletApp/epusdt and v03413/BEpusdt. MD5 with a shared secret over
 * the sorted non-empty values of a JSON body; numbers are signed as Go prints them. Sources: their wiki and API pages.
 * BEpusdt also signs notifications of waiting (1) and timed-out (3) orders: a signature is not a payment.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { formatAmount, parseAmount } from '../../domain/money.ts';
import type { Outbound } from '../outbound.ts';
import { checkFields, gatewayOf, urlPattern, type ConfigField } from '../config-fields.ts';
import { canonical, foreignOrderNo, foreignTradeNo } from './form.ts';
import { ack, ask, codeText, isObject, jsonOf, textOf } from './gateway-call.ts';
import { GatewayRefused, QueryUnknown, refuse, type PaymentProvider, type ProviderAccount, type QueryAnswer, type RawNotification, type Verdict } from './provider.ts'; // prettier-ignore

const currency = 'CNY';

const configFields: readonly ConfigField[] = [
  { key: 'flavour', label: { zh: '网关程序', en: 'Gateway program' }, secret: false, required: true, pattern: /^(assimon|gmwallet|bepusdt)$/, options: [{ value: 'assimon', label: { zh: 'Epusdt（assimon）', en: 'Epusdt (assimon)' } }, { value: 'gmwallet', label: { zh: 'Epusdt（GMWallet）', en: 'Epusdt (GMWallet)' } }, { value: 'bepusdt', label: { zh: 'BEpusdt', en: 'BEpusdt' } }] },
  { key: 'gateway', label: { zh: '网关地址', en: 'Gateway address' }, secret: false, required: true, pattern: urlPattern },
  { key: 'pid', label: { zh: '商户ID (pid)', en: 'Merchant id (pid)' }, secret: false, required: false, pattern: /^[\w-]{1,64}$/, help: { zh: '仅 GMWallet 版需要', en: 'GMWallet only' } },
  { key: 'token', label: { zh: '接口密钥', en: 'API token' }, secret: true, required: true, pattern: /^[\x21-\x7e]{8,128}$/ },
]; // prettier-ignore

/**
 * The members of a flat JSON object as they are written: `100.00` must be signed as Go prints it, and JSON.parse would
 * lose what was written. Undefined for anything that is not flat, or repeats a name.
 */
export function flatMembers(text: string): Map<string, string> | undefined {
  const member =
    /\s*"(\w{1,64})"\s*:\s*(?:"((?:[^"\\]|\\.)*)"|(-?\d{1,20}(?:\.\d{1,20})?)|(null|true|false))\s*(,|\}\s*$)/y;
  const open = /^\s*\{/.exec(text);
  if (!open) return undefined;
  const out = new Map<string, string>();
  member.lastIndex = open[0].length;
  for (;;) {
    const m = member.exec(text);
    if (!m || out.size >= 40) return undefined;
    const [, name = '', quoted, number, word, end = ''] = m;
    if (out.has(name)) return undefined;
    const value = quoted !== undefined ? unquote(quoted) : number !== undefined ? goNumber(number) : (word ?? '');
    if (value === undefined || value.length > 4096) return undefined;
    out.set(name, value === 'null' && word === 'null' ? '' : value);
    if (end !== ',') return out;
  }
}

function unquote(raw: string): string | undefined {
  try {
    const value: unknown = JSON.parse(`"${raw}"`);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** As Go's FormatFloat(f, 'f', -1, 64) prints it: no trailing zeros, no exponent. Undefined where float64 would lose digits. */
function goNumber(literal: string): string | undefined {
  const plain = literal.includes('.') ? literal.replace(/\.?0+$/, '') : literal;
  if (plain.replace(/[-.]/g, '').replace(/^0+/, '').length > 15) return undefined;
  return plain === '-0' ? '0' : plain;
}

/** MD5 of the canonical text with the token behind it, without a separator. */
export function signUsdt(params: ReadonlyMap<string, string>, token: string): string {
  const signed = [...params].filter(([name]) => name !== 'signature');
  return createHash('md5')
    .update(canonical(signed, { keepSignType: true }) + token, 'utf8')
    .digest('hex');
}

const meanings = { '1': 'waiting', '2': 'paid', '3': 'closed' } as const;

function verify(account: ProviderAccount, raw: RawNotification): Verdict {
  const { token = '', flavour, pid } = account.config;
  if (raw.method !== 'POST') return refuse('METHOD');
  if (token === '') return refuse('SECRET_MISSING');
  const text = raw.body.toString('utf8');
  const params = text.includes('\ufffd') ? undefined : flatMembers(text);
  if (!params) return refuse('BAD_FORMAT');
  const signature = params.get('signature') ?? '';
  if (!/^[0-9a-f]{32}$/.test(signature)) return refuse('BAD_FORMAT');
  if ([...params.values()].some((value) => /&\w{1,64}=/.test(value))) return refuse('AMBIGUOUS');
  if (!timingSafeEqual(Buffer.from(signature), Buffer.from(signUsdt(params, token)))) return refuse('BAD_SIGNATURE');
  if (flavour === 'gmwallet' && params.get('pid') !== pid) return refuse('WRONG_MERCHANT');

  const status = params.get('status') ?? '';
  const meaning = status === '1' || status === '2' || status === '3' ? meanings[status] : undefined;
  const orderNo = params.get('order_id') ?? '';
  const tradeNo = params.get('trade_id') ?? '';
  const amountMinor = parseAmount(params.get('amount') ?? '', currency);
  const coins = params.get('actual_amount') ?? '';
  if (!meaning || !foreignOrderNo.test(orderNo) || !foreignTradeNo.test(tradeNo) || amountMinor === undefined) return refuse('BAD_FORMAT'); // prettier-ignore
  if (!/^\d{1,12}(\.\d{1,8})?$/.test(coins)) return refuse('BAD_FORMAT');
  const receipt = params.get('block_transaction_id') ?? '';
  const address = params.get('receive_address') ?? params.get('token') ?? '';
  return {
    ok: true,
    event: {
      meaning,
      orderNo,
      tradeNo,
      amountMinor,
      currency,
      quote: { trade: tradeNo, coins: coinText(coins), ...(address !== '' && { address }) },
      // One transfer on the chain pays one order, ever.
      ...(/^[\w-]{8,128}$/.test(receipt) && { receipt }),
    },
  };
}

/** Without trailing zeros, so that 15.60 is 15.6. */
function coinText(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

const createPaths = {
  assimon: '/api/v1/order/create-transaction',
  gmwallet: '/payments/gmpay/v1/order/create-transaction',
  bepusdt: '/api/v1/order/create-transaction',
} as const;

export const usdt: PaymentProvider = {
  id: 'usdt',
  name: { zh: 'USDT（Epusdt / BEpusdt）', en: 'USDT (Epusdt / BEpusdt)' },
  modes: ['live', 'test'],
  currencies: [currency],
  methods: [],
  canQuery: true,
  // The query is a page without a signature: good for what was lost, no better than the notification itself.
  confirmByQueryDefault: false,
  createsRemotely: true,
  configFields,
  checkConfig(config) {
    const problems = checkFields(configFields, config);
    if (config['flavour'] === 'gmwallet' && !config['pid'])
      problems.push({ field: 'pid', zh: 'GMWallet 版需要填写商户ID', en: 'GMWallet needs the merchant id' });
    return problems;
  },
  selfNotification({ config }, orderNo) {
    const params = new Map([['trade_id', `check${orderNo}`], ['order_id', orderNo], ['amount', '0.01'], ['actual_amount', '0.01'], ['token', 'check'], ['status', '1'], ...(config['flavour'] === 'gmwallet' ? [['pid', config['pid'] ?? ''] as const] : [])] as [string, string][]); // prettier-ignore
    params.set('signature', signUsdt(params, config['token'] ?? ''));
    const body = Buffer.from(JSON.stringify(Object.fromEntries(params)));
    return { method: 'POST', headers: { 'content-type': 'application/json' }, query: '', body };
  },
  verify,
  acknowledge: { accepted: ack('ok'), refused: ack('fail', 400), retryLater: ack('fail', 503) },

  async createPayment(account, payment, outbound) {
    if (payment.currency !== currency) throw new GatewayRefused('CURRENCY');
    const { flavour = 'assimon', token = '', pid = '' } = account.config;
    const amount = Number(formatAmount(payment.amountMinor, currency));
    const params: Record<string, string | number> = {
      order_id: payment.orderNo,
      amount,
      notify_url: payment.notifyUrl,
      redirect_url: payment.returnUrl,
      ...(flavour === 'gmwallet' && { pid, currency: 'cny', token: 'usdt', network: 'tron' }),
      ...(flavour === 'bepusdt' && { trade_type: 'usdt.trc20' }),
    };
    const signature = signUsdt(new Map(Object.entries(params).map(([k, v]) => [k, String(v)])), token);
    const answer = await ask(outbound, {
      method: 'POST',
      url: `${gatewayOf(account.config)}${createPaths[flavour as keyof typeof createPaths]}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...params, signature }),
    });
    const json = jsonOf(answer.body);
    const { data } = json;
    if (textOf(json, 'status_code') !== '200') throw new GatewayRefused(codeText(textOf(json, 'status_code')));
    if (!isObject(data) || textOf(data, 'order_id') !== payment.orderNo) throw new QueryUnknown('GATEWAY_BAD_ANSWER');
    const quote = {
      amount: formatAmount(payment.amountMinor, currency),
      trade: textOf(data, 'trade_id'),
      coins: coinText(textOf(data, 'actual_amount')),
      address: textOf(data, 'receive_address') || textOf(data, 'token'),
    };
    const url = textOf(data, 'payment_url');
    if (
      !foreignTradeNo.test(quote.trade) ||
      quote.coins === '' ||
      quote.address === '' ||
      !/^https?:\/\/\S{1,900}$/.test(url)
    )
      throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'QUOTE');
    return { kind: 'redirect', url, quote };
  },

  async query(account, placed, outbound: Outbound): Promise<QueryAnswer> {
    const trade = placed.quote?.['trade'] ?? '';
    if (!foreignTradeNo.test(trade)) return { status: 'unpaid' }; // nothing was ever created
    const url = `${gatewayOf(account.config)}/pay/check-status/${trade}`;
    const json = jsonOf((await ask(outbound, { method: 'GET', url })).body);
    const { data } = json;
    const status = isObject(data) ? textOf(data, 'status') : '';
    if (status === '1') return { status: 'unpaid' };
    if (status === '3') return { status: 'closed' };
    // The answer names no amount; the trade is the one that was created for this amount, and only once.
    const amountMinor = parseAmount(placed.quote?.['amount'] ?? '', currency);
    if (status !== '2' || amountMinor === undefined) throw new QueryUnknown('GATEWAY_BAD_ANSWER');
    return { status: 'paid', tradeNo: trade, amountMinor, currency };
  },
};
