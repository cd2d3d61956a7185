/**
 * 福禄开放平台 (Fulu open API 2.0) as a buyer: top-ups (直充) and card keys. Sources of the protocol: the platform's SDKs for
 * PHP, Java, C# and Go; vectors in test/integrations/fulu.test.ts.
 *
 * An order is only accepted at first (code 0); what became of it is asked for by our own number. A repeated number is an
 * error. Only `success` and `failed` of an order are final; after `failed` the money is back.
 */
import { createDecipheriv, createHash } from 'node:crypto';
import { parseAmount } from '../../domain/money.ts';
import type { Refusal } from '../../domain/supplier.ts';
import { checkFields, gatewayOf, urlPattern, type ConfigField } from '../config-fields.ts';
import type { Outbound, OutboundRequest } from '../outbound.ts';
import { Codes, SupplierTrouble, type Answer, type SupplierAccount, type SupplierAdapter, type SupplierProduct } from './supplier.ts'; // prettier-ignore
import { asObject, ask, attempt, decimal, jsonObject, masked } from './wire.ts';

const gateway = 'https://openapi.fulu.com/api/getway'; // sic

const configFields: readonly ConfigField[] = [
  { key: 'gateway', label: { zh: '接口地址', en: 'Gateway' }, secret: false, required: false, pattern: urlPattern, fallback: gateway },
  { key: 'appKey', label: { zh: 'AppKey', en: 'AppKey' }, secret: false, required: true, pattern: /^[A-Za-z0-9+/=]{16,128}$/ },
  { key: 'appSecret', label: { zh: 'AppSecret', en: 'AppSecret' }, secret: true, required: true, pattern: /^[\x21-\x7e]{32}$/ },
]; // prettier-ignore

/** All characters of the JSON, sorted, then the secret; MD5 in lower hex. The order of the fields does not matter. */
export function signFulu(fields: Readonly<Record<string, string>>, secret: string): string {
  const characters = JSON.stringify(fields).split('').sort().join('');
  return createHash('md5')
    .update(characters + secret, 'utf8')
    .digest('hex');
}

/** A key as the platform hides it: AES-256-ECB under the secret, base64. */
export function openFuluKey(text: string, secret: string): string {
  const decipher = createDecipheriv('aes-256-ecb', Buffer.from(secret, 'utf8'), null);
  return Buffer.concat([decipher.update(text, 'base64'), decipher.final()])
    .toString('utf8')
    .trim();
}

/** `yyyy-MM-dd HH:mm:ss` in China, where the platform is. */
function chinaTime(at: Date): string {
  return new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}

function request(account: SupplierAccount, method: string, content: object): OutboundRequest {
  const fields = {
    app_key: account.config['appKey'] ?? '',
    method,
    timestamp: chinaTime(new Date()),
    version: '2.0',
    format: 'json',
    charset: 'utf-8',
    sign_type: 'md5',
    app_auth_token: '',
    biz_content: JSON.stringify(content),
  };
  const sign = signFulu(fields, account.config['appSecret'] ?? '');
  return {
    method: 'POST',
    url: gatewayOf(account.config, gateway),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...fields, sign }),
  };
}

/** Words of a sure refusal. Whatever else comes with another code than 0 is asked about by our number. */
const said: readonly (readonly [RegExp, Refusal])[] = [
  [/余额不足/, 'NO_BALANCE'],
  [/库存不足|断货|缺货/, 'NO_STOCK'],
  [/(?:商品|产品).{0,12}(?:不存在|下架|停售|维护|未授权)/, 'PRODUCT'],
  [/app_?key|签名|验签|(?:商户|用户).{0,8}(?:不存在|禁用|停用)|ip.{0,8}(?:白名单|限制|授权)/i, 'ACCOUNT'],
  [/(?:充值)?账号.{0,8}(?:错误|不正确|格式|不存在)|手机号.{0,8}(?:错误|不正确|格式)/, 'TARGET'],
];
const unknownOrder = /订单.{0,8}(?:不存在|未找到|查询不到)/;

/** What the platform wants to know besides: names of its goods' templates, as the source's options give them. */
const extras: ReadonlySet<string> = new Set(['charge_game_name', 'charge_game_region', 'charge_game_srv', 'charge_type', 'charge_game_role', 'charge_ip', 'contact_qq', 'contact_tel']); // prettier-ignore

/** `order_price` is per piece and may have more digits than the currency: rounded up, as a bill is. */
function billOf(order: Readonly<Record<string, unknown>>): number | undefined {
  const match = /^(\d{1,9})(?:\.(\d{1,6})\d*)?$/.exec(decimal(order['order_price']));
  const pieces = Number(decimal(order['buy_num']));
  if (!match || !Number.isSafeInteger(pieces) || pieces < 1) return undefined;
  const micro = BigInt(`${match[1] ?? '0'}${(match[2] ?? '').padEnd(6, '0')}`) * BigInt(pieces);
  return Number((micro + 9_999n) / 10_000n);
}

function keysOf(cards: unknown, secret: string): string[] | undefined {
  if (!Array.isArray(cards) || cards.length === 0) return undefined;
  try {
    return cards.map((item: unknown) => {
      const card = asObject(item) ?? {};
      const open = (...names: string[]): string => {
        const text = names.map((name) => card[name]).find((value) => typeof value === 'string' && value !== '');
        return typeof text === 'string' ? openFuluKey(text, secret) : '';
      };
      const number = open('CardNumber', 'card_number');
      const password = open('CardPwd', 'card_pwd');
      // "Without a number, or with 无卡号 for one, the password alone is the key."
      return number === '' || number === '无卡号' ? password : `${number} ${password}`.trim();
    });
  } catch {
    throw new SupplierTrouble('SUPPLIER_BAD_ANSWER');
  }
}

/** What an order of theirs says. Top-ups bring no keys; keys come with `success` when they are asked for. */
function readOrder(order: Readonly<Record<string, unknown>>, secret: string, topUp: boolean): Answer {
  const supplierRef = decimal(order['order_id']);
  const costMinor = billOf(order);
  const known = { ...(supplierRef !== '' && { supplierRef }), ...(costMinor !== undefined && { costMinor }) };
  const state = order['order_state'];
  if (state === 'failed') return { kind: 'refused', reason: 'FAILED' };
  if (state !== 'success') {
    return state === 'processing' || state === 'untreated' ? { kind: 'accepted', ...known } : { kind: 'unknown', evidence: 'STATE' }; // prettier-ignore
  }
  const keys = keysOf(order['cards'], secret);
  if (keys) return { kind: 'delivered', ...known, codes: new Codes(keys.join('\n')) };
  return topUp ? { kind: 'delivered', ...known } : { kind: 'accepted', ...known };
}

const resultOf = (answer: Readonly<Record<string, unknown>>): unknown => {
  const result = answer['result'];
  if (typeof result !== 'string') return result;
  try {
    return JSON.parse(result);
  } catch {
    return undefined;
  }
};

const wordsOf = (answer: Readonly<Record<string, unknown>>): string =>
  typeof answer['message'] === 'string' ? answer['message'] : '';

async function question(
  account: SupplierAccount,
  method: string,
  content: object,
  outbound: Outbound,
): Promise<unknown> {
  // prettier-ignore
  const answer = jsonObject((await ask(outbound, request(account, method, content))).body);
  if (!answer) throw new SupplierTrouble('SUPPLIER_BAD_ANSWER');
  if (decimal(answer['code']) === '0') return resultOf(answer);
  const words = wordsOf(answer);
  if (unknownOrder.test(words)) return 'absent';
  const refusal = said.find(([pattern]) => pattern.test(words))?.[1];
  if (refusal === 'ACCOUNT') throw new SupplierTrouble('SUPPLIER_DENIED');
  throw new SupplierTrouble(refusal === 'PRODUCT' ? 'SUPPLIER_PRODUCT' : 'SUPPLIER_BAD_ANSWER');
}

function product(value: unknown): SupplierProduct | undefined {
  const item = asObject(value);
  const sku = decimal(item?.['product_id']);
  if (!item || sku === '') return undefined;
  const name = typeof item['product_name'] === 'string' ? item['product_name'] : sku;
  const costMinor = parseAmount(decimal(item['purchase_price']), 'CNY') ?? billOf({ order_price: item['purchase_price'], buy_num: 1 }); // prettier-ignore
  const out =
    item['stock_status'] === '断货' || (item['sales_status'] !== undefined && item['sales_status'] !== '上架');
  return { sku, name, ...(costMinor !== undefined && { costMinor }), ...(out && { stock: 0 }) };
}

export const fulu: SupplierAdapter = {
  id: 'fulu',
  name: { zh: '福禄开放平台（直充、卡密）', en: 'Fulu (top-ups and card keys)' },
  currencies: ['CNY'],
  capabilities: {
    idempotency: 'rejects-duplicate',
    queryByOurRef: true,
    readsYourWrites: false,
    callback: 'none',
    cancel: false,
    priceCeiling: false,
    stock: 'hint',
    topUp: true,
    minQueryDelayMs: 1_000,
  },
  configFields,
  checkConfig: (config) => checkFields(configFields, config),

  async place(account, purchase, outbound) {
    const { target, sku, quantity, ref, options } = purchase;
    if (!/^\d{1,15}$/.test(sku)) return { kind: 'refused', reason: 'PRODUCT' };
    const content = {
      product_id: Number(sku),
      customer_order_no: ref,
      buy_num: quantity,
      ...(target !== undefined && { charge_account: target }),
      ...Object.fromEntries(Object.entries(options).filter(([name]) => extras.has(name))),
    };
    const method = target === undefined ? 'fulu.order.card.add' : 'fulu.order.direct.add';
    const got = await attempt(outbound, request(account, method, content));
    if ('kind' in got) return got;
    const answer = jsonObject(got.body);
    if (!answer) return { kind: 'unknown', evidence: 'NO_JSON' };
    const words = wordsOf(answer);
    const code = decimal(answer['code']);
    if (code === '3000' || /订单号.{0,6}(?:已存在|重复)/.test(words)) return { kind: 'unknown', evidence: 'DUPLICATE' };
    if (code !== '0') {
      const refusal = said.find(([pattern]) => pattern.test(words))?.[1];
      return refusal ? { kind: 'refused', reason: refusal } : { kind: 'unknown', evidence: `SAID: ${masked(words)}` };
    }
    const order = asObject(resultOf(answer));
    if (!order || decimal(order['customer_order_no']) !== ref) return { kind: 'unknown', evidence: 'INCOMPLETE' };
    return readSafely(order, account, target !== undefined);
  },

  async find(account, purchase, outbound) {
    const order = await question(account, 'fulu.order.info.get', { customer_order_no: purchase.ref }, outbound);
    if (order === 'absent') return 'absent';
    const found = asObject(order);
    if (!found || decimal(found['customer_order_no']) !== purchase.ref)
      throw new SupplierTrouble('SUPPLIER_BAD_ANSWER');
    return readOrder(found, account.config['appSecret'] ?? '', purchase.target !== undefined);
  },

  async quote(account, purchase, outbound) {
    const found = product(await question(account, 'fulu.goods.info.get', { product_id: Number(purchase.sku) }, outbound)); // prettier-ignore
    if (found?.costMinor === undefined) throw new SupplierTrouble('SUPPLIER_PRODUCT');
    return { costMinor: found.costMinor * purchase.quantity, ...(found.stock !== undefined && { stock: found.stock }) };
  },

  async balance(account, outbound) {
    const user = asObject(await question(account, 'fulu.user.info.get', {}, outbound));
    const minor = billOf({ order_price: user?.['balance'], buy_num: 1 });
    if (minor === undefined) throw new SupplierTrouble('SUPPLIER_BAD_ANSWER');
    return minor;
  },

  async catalogue(account, outbound) {
    const list = await question(account, 'fulu.goods.list.get', {}, outbound);
    if (!Array.isArray(list)) throw new SupplierTrouble('SUPPLIER_BAD_ANSWER');
    return list.slice(0, 5_000).flatMap((item: unknown) => product(item) ?? []);
  },
};

/** Of the answer to an order: money may be spent, so what cannot be read is unknown, never an error. */
function readSafely(order: Readonly<Record<string, unknown>>, account: SupplierAccount, topUp: boolean): Answer {
  try {
    return readOrder(order, account.config['appSecret'] ?? '', topUp);
  } catch {
    return { kind: 'unknown', evidence: 'BROKEN' };
  }
}
