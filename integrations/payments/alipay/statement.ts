/**
 * 支付宝's trade bill of a day: a link to a zip with CSV files in GBK. Read for the daily match: paid trades with our
 * numbers. Columns are found by their titles; Alipay has moved them before.
 */
import { inflateRawSync } from 'node:zlib';
import { parseAmount } from '../../../domain/money.ts';
import type { Outbound } from '../../outbound.ts';
import { foreignOrderNo, foreignTradeNo } from '../form.ts';
import { ask, textOf } from '../gateway-call.ts';
import { QueryUnknown, type ProviderAccount, type StatementLine } from '../provider.ts';
import { callAlipay } from './gateway.ts';
import { alipayCurrency } from './notify.ts';

const most = 64 << 20;

/** The files of a small zip, by their central directory (APPNOTE.TXT 4.3.12). */
export function unzip(zip: Buffer): { readonly name: Buffer; readonly bytes: Buffer }[] {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0) throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'ZIP');
  const files: { name: Buffer; bytes: Buffer }[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let n = zip.readUInt16LE(end + 10); n > 0; n--) {
    const method = zip.readUInt16LE(at + 10);
    const size = zip.readUInt32LE(at + 20);
    const nameLength = zip.readUInt16LE(at + 28);
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const packed = zip.subarray(start, start + size);
    const bytes = method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: most });
    files.push({ name: zip.subarray(at + 46, at + 46 + nameLength), bytes });
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return files;
}

/** The paid trades of a bill's text: lines before the titles and from the first `#` after them are remarks. */
export function readBill(text: string): StatementLine[] {
  const rows = text.split(/\r?\n/).map((line) => line.split(',').map((cell) => cell.trim()));
  const head = rows.findIndex((row) => row.includes('支付宝交易号'));
  const titles = rows[head] ?? [];
  const column = (title: RegExp): number => titles.findIndex((t) => title.test(t));
  const [trade, order, kind, amount] = [/^支付宝交易号/, /^商户订单号/, /^业务类型/, /^订单金额/].map(column);
  const cell = (row: readonly string[], at = -1): string => row[at] ?? '';
  return rows.slice(head + 1).flatMap((row) => {
    const orderNo = cell(row, order);
    const tradeNo = cell(row, trade);
    const amountMinor = parseAmount(cell(row, amount), alipayCurrency);
    const paid = cell(row, kind) === '交易' && foreignOrderNo.test(orderNo) && foreignTradeNo.test(tradeNo);
    return paid && amountMinor !== undefined ? [{ orderNo, tradeNo, amountMinor, currency: alipayCurrency }] : [];
  });
}

export async function alipayStatement(
  account: ProviderAccount,
  day: string,
  outbound: Outbound,
): Promise<readonly StatementLine[]> {
  const { node, refused } = await callAlipay(
    account,
    'alipay.data.dataservice.bill.downloadurl.query',
    { bill_type: 'trade', bill_date: day },
    outbound,
  );
  // A day without trades has no bill.
  if (refused !== undefined && /BILL_NOT_EXIST/i.test(refused)) return [];
  const url = textOf(node, 'bill_download_url');
  if (refused !== undefined || url === '') throw new QueryUnknown('GATEWAY_BAD_ANSWER', refused);
  const file = await ask(outbound, { method: 'GET', url, timeoutMs: 30_000, maxBytes: 64 << 20 });
  const decoder = new TextDecoder('gbk');
  try {
    return unzip(file.body)
      .filter(({ name }) => !decoder.decode(name).includes('汇总'))
      .flatMap(({ bytes }) => readBill(decoder.decode(bytes)));
  } catch (error) {
    if (error instanceof QueryUnknown) throw error;
    throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'BILL');
  }
}
