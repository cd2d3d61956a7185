/**
 * 微信支付's trade bill of a day: a link, then a CSV whose cells begin with a backtick. The second answer is unsigned, so
 * it is held against the hash that the first, signed one gave.
 */
import { createHash } from 'node:crypto';
import { parseAmount } from '../../../domain/money.ts';
import type { Outbound } from '../../outbound.ts';
import { foreignOrderNo, foreignTradeNo } from '../form.ts';
import { ask, textOf } from '../gateway-call.ts';
import { QueryUnknown, type ProviderAccount, type StatementLine } from '../provider.ts';
import { authorization, callWechat } from './gateway.ts';
import { wechatCurrency } from './notify.ts';

/** The paid trades of a bill's text. Columns are found by their titles. */
export function readBill(text: string): StatementLine[] {
  const rows = text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((line) => line.split(',').map((cell) => cell.replace(/^`/, '').trim()));
  const titles = rows[0] ?? [];
  const column = (title: string): number => titles.indexOf(title);
  const [trade, order, state, amount] = ['微信订单号', '商户订单号', '交易状态', '订单金额'].map(column);
  const cell = (row: readonly string[], at = -1): string => row[at] ?? '';
  return rows.slice(1).flatMap((row) => {
    const orderNo = cell(row, order);
    const tradeNo = cell(row, trade);
    const amountMinor = parseAmount(cell(row, amount), wechatCurrency);
    const paid = cell(row, state) === 'SUCCESS' && foreignOrderNo.test(orderNo) && foreignTradeNo.test(tradeNo);
    return paid && amountMinor !== undefined ? [{ orderNo, tradeNo, amountMinor, currency: wechatCurrency }] : [];
  });
}

export async function wechatStatement(
  account: ProviderAccount,
  day: string,
  outbound: Outbound,
): Promise<readonly StatementLine[]> {
  const path = `/v3/bill/tradebill?bill_date=${day}&bill_type=SUCCESS`;
  const { status, json, code } = await callWechat(account, 'GET', path, undefined, outbound);
  // A day without trades has no bill.
  if (code === 'NO_STATEMENT_EXIST') return [];
  if (status !== 200) throw new QueryUnknown('GATEWAY_BAD_ANSWER', code);
  const url = textOf(json, 'download_url');
  if (textOf(json, 'hash_type') !== 'SHA1' || !URL.canParse(url)) throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'BILL');
  const { pathname, search } = new URL(url);
  const headers = { authorization: authorization(account, 'GET', pathname + search, '') };
  const { body } = await ask(outbound, { method: 'GET', url, headers, timeoutMs: 30_000, maxBytes: 64 << 20 });
  const hash = createHash('sha1').update(body).digest('hex');
  if (hash !== textOf(json, 'hash_value').toLowerCase()) throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'BILL_HASH');
  return readBill(body.toString('utf8'));
}
