/**
 * acg-faka (异次元发卡) as a buyer, its native protocol ("type 0"). Source of the protocol: the shop system's own
 * controllers and signature function; recorded vectors in test/integrations/acg-faka.test.ts.
 *
 * A repeated `request_no` is an error, and no order can be asked for by it: after a lost answer the purchase cannot be
 * known by protocol, so it goes to a person. There is no timestamp in the signature either: https only.
 */
import { createHash } from 'node:crypto';
import { parseAmount } from '../../domain/money.ts';
import type { Refusal } from '../../domain/supplier.ts';
import type { Outbound } from '../outbound.ts';
import { checkFields, type ConfigField } from '../config-fields.ts';
import { parseItems } from './acg-items.ts';
import { Codes, SupplierTrouble, type Answer, type Purchase, type SupplierAccount, type SupplierAdapter } from './supplier.ts'; // prettier-ignore
import { asObject, ask, attempt, decimal, jsonObject, masked } from './wire.ts';

const configFields: readonly ConfigField[] = [
  { key: 'site', label: { zh: '对接网址', en: 'Site address' }, secret: false, required: true, pattern: /^https?:\/\/[^\s?#@]+$/ },
  { key: 'appId', label: { zh: '商户ID (app_id)', en: 'Merchant id (app_id)' }, secret: false, required: true, pattern: /^\d{1,20}$/ },
  { key: 'appKey', label: { zh: '商户密钥 (app_key)', en: 'Merchant key (app_key)' }, secret: true, required: true, pattern: /^[\x21-\x7e]{8,128}$/ },
  { key: 'route', label: { zh: '路由方式 (rewrite / query)', en: 'Routes (rewrite / query)' }, secret: false, required: false, pattern: /^(rewrite|query)$/ },
]; // prettier-ignore

/**
 * All fields but `sign` and empty ones, sorted by key, joined un-encoded, then `&key=` and the key, MD5 in lower hex. The
 * string "0" is not empty. Arrays arrive flattened (`sku[颜色]`), in the order in which they were written.
 */
export function signAcg(fields: Iterable<readonly [string, string]>, key: string): string {
  // PHP sorts by the name of the array; its elements keep their order.
  const head = (name: string): string => name.split('[', 1)[0] ?? name;
  const text = [...fields]
    .filter(([name, value]) => name !== 'sign' && value !== '')
    .sort(([a], [b]) => (head(a) < head(b) ? -1 : head(a) > head(b) ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return createHash('md5').update(`${text}&key=${key}`, 'utf8').digest('hex');
}

function request(account: SupplierAccount, path: string, fields: Readonly<Record<string, string>>) {
  const key = account.config['appKey'] ?? '';
  const all = new Map(Object.entries({ ...fields, app_id: account.config['appId'] ?? '', app_key: key }));
  all.set('sign', signAcg(all, key));
  const site = (account.config['site'] ?? '').replace(/\/+$/, '');
  return {
    method: 'POST' as const,
    url: account.config['route'] === 'query' ? `${site}/?s=/shared/${path}` : `${site}/shared/${path}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams([...all]).toString(),
  };
}

/** What the shop system says when it has surely not sold, from its sources. Anything else may have come after the sale. */
const said: readonly (readonly [RegExp, Refusal])[] = [
  [/库存不足|已售罄|缺货|被他人抢走/, 'NO_STOCK'],
  [/余额不足/, 'NO_BALANCE'],
  [/商品不存在|已停售|未上架|请选择(?:商品种类|商品分类|SKU)|分类选择错误|(?:最少|最多|只能)购买/, 'PRODUCT'],
  [/密钥错误|签名错误|商户(?:ID)?不存在|have been banned|用户不存在/i, 'ACCOUNT'],
];

function readTrade(body: Buffer, currency: string): Answer {
  const answer = jsonObject(body);
  if (!answer) return { kind: 'unknown', evidence: 'NO_JSON' };
  if (decimal(answer['code']) !== '200') {
    const message = typeof answer['msg'] === 'string' ? answer['msg'] : '';
    if (/request id already exists/i.test(message)) return { kind: 'unknown', evidence: 'DUPLICATE' };
    const refusal = said.find(([words]) => words.test(message))?.[1];
    return refusal ? { kind: 'refused', reason: refusal } : { kind: 'unknown', evidence: `SAID: ${masked(message)}` };
  }
  const data = asObject(answer['data']);
  const supplierRef = decimal(data?.['tradeNo']);
  const secret = typeof data?.['secret'] === 'string' ? data['secret'] : '';
  const costMinor = parseAmount(decimal(data?.['amount']), currency);
  const common = {
    ...(/^[\w-]{4,64}$/.test(supplierRef) && { supplierRef }),
    ...(costMinor !== undefined && { costMinor }),
  };
  if (secret.trim() !== '') return { kind: 'delivered', ...common, codes: new Codes(secret) };
  return 'supplierRef' in common ? { kind: 'accepted', ...common } : { kind: 'unknown', evidence: 'INCOMPLETE' };
}

/** Asks, and gives `data` of a good answer. */
async function question(
  account: SupplierAccount,
  path: string,
  fields: Readonly<Record<string, string>>,
  outbound: Outbound,
): Promise<unknown> {
  const answer = jsonObject((await ask(outbound, request(account, path, fields))).body);
  if (!answer) throw new SupplierTrouble('SUPPLIER_BAD_ANSWER');
  if (decimal(answer['code']) === '200') return answer['data'];
  const refusal = said.find(([words]) => words.test(String(answer['msg'])))?.[1];
  if (refusal === 'ACCOUNT') throw new SupplierTrouble('SUPPLIER_DENIED');
  throw new SupplierTrouble(refusal === 'PRODUCT' ? 'SUPPLIER_PRODUCT' : 'SUPPLIER_BAD_ANSWER');
}

/** `race` (商品种类) as it is; everything else is an element of `sku` (规格). */
function variant({ options }: Pick<Purchase, 'options'>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name === 'race' ? 'race' : `sku[${name}]`, value]),
  );
}

export const acgFaka: SupplierAdapter = {
  id: 'acg-faka',
  name: { zh: '异次元发卡 (acg-faka)', en: 'acg-faka' },
  // Amounts come bare: they are in the currency that the site sells in.
  currencies: 'any',
  capabilities: {
    idempotency: 'rejects-duplicate',
    queryByOurRef: false,
    readsYourWrites: false,
    callback: 'none',
    cancel: false,
    priceCeiling: false,
    stock: 'hint',
    topUp: false,
    minQueryDelayMs: 2_000,
  },
  configFields,
  checkConfig: (config) => checkFields(configFields, config),

  async place(account, purchase, outbound) {
    const fields = {
      shared_code: purchase.sku,
      num: String(purchase.quantity),
      request_no: purchase.ref,
      contact: purchase.ref,
      card_id: '0',
      device: '0',
      ...variant(purchase),
    };
    const answer = await attempt(outbound, request(account, 'commodity/trade', fields));
    return 'kind' in answer ? answer : readTrade(answer.body, account.currency);
  },

  async fetch(account, supplierRef, outbound) {
    const data = asObject(await question(account, 'commodity/query', { tradeNo: supplierRef }, outbound));
    if (!data) throw new SupplierTrouble('SUPPLIER_BAD_ANSWER');
    const secret = typeof data['secret'] === 'string' ? data['secret'] : '';
    if (secret.trim() !== '') return { kind: 'delivered', supplierRef, codes: new Codes(secret) };
    return { kind: 'accepted', supplierRef };
  },

  async quote(account, purchase, outbound) {
    const num = String(purchase.quantity);
    try {
      const fields = { code: purchase.sku, num, ...variant(purchase) };
      const data = asObject(await question(account, 'commodity/valuation', fields, outbound));
      const costMinor = parseAmount(decimal(data?.['price']), account.currency);
      if (costMinor !== undefined) return { costMinor };
    } catch (error) {
      // Old sites do not have the route and answer with a page.
      if (!(error instanceof SupplierTrouble) || error.code !== 'SUPPLIER_BAD_ANSWER') throw error;
    }
    const fields = { code: purchase.sku, sharedCode: purchase.sku };
    const [item] = parseItems(await question(account, 'commodity/item', fields, outbound), account.currency);
    if (item?.costMinor === undefined) throw new SupplierTrouble('SUPPLIER_PRODUCT');
    return { costMinor: item.costMinor * purchase.quantity, ...(item.stock !== undefined && { stock: item.stock }) };
  },

  async balance(account, outbound) {
    const data = asObject(await question(account, 'authentication/connect', {}, outbound));
    const minor = parseAmount(decimal(data?.['balance']), account.currency);
    if (minor === undefined) throw new SupplierTrouble('SUPPLIER_BAD_ANSWER');
    return minor;
  },

  async catalogue(account, outbound) {
    return parseItems(await question(account, 'commodity/items', {}, outbound), account.currency);
  },
};
