/** What an operator has set up besides goods: so that no list on a picture, or before a test's eye, is empty. */
import { randomUUID } from 'node:crypto';
import { call, until } from '../../dev/client.ts';
import { fakeSupplierLogin, type FakeSupplier } from '../../dev/fakes/acg-supplier.ts';
import { fakeStoreLogin } from '../../dev/fakes/object-store.ts';
import { writeXlsx } from '../../integrations/sheets/xlsx-out.ts';
import { openImporter } from '../support/goods.ts';
import { query } from '../support/paid-orders.ts';
import type { System } from '../support/system.ts';

export interface EquippedWords {
  readonly supplier: string;
  readonly template: string;
  readonly instructions: string;
  readonly channel: string;
  readonly store: string;
  readonly rule: string;
  readonly remark: string;
  readonly staff: readonly [string, string];
  readonly shop: string;
  readonly imported: string;
  readonly refund: string;
}

/** Suppliers, texts, channels, rules, people, a sheet. `sku` is bought from the supplier. */
export async function equipped(
  system: System,
  words: EquippedWords,
  supplier: FakeSupplier,
): Promise<{ sku: string; importId: number }> {
  const api = <T>(path: string, body: object, method = 'POST'): Promise<T> =>
    call<T>(`${system.base}/api/console/${path}`, { token: system.opsToken, body, method });
  supplier.stock('UP-31', 1650);
  const { id: supplierId } = await api<{ id: number }>('suppliers', { kind: 'acg-faka', mode: 'live', name: words.supplier, config: { site: supplier.url, ...fakeSupplierLogin }, lowBalanceMinor: 50_000 }); // prettier-ignore
  await api(`suppliers/${supplierId}/check`, {});
  await api('templates', { name: words.template, content: { 'zh-CN': { instructions: words.instructions } } });
  await api('channels', { kind: 'wecom', name: words.channel, config: { url: `https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=${randomUUID()}` }, enabled: false }); // prettier-ignore
  await api('object-stores', { mode: 'live', name: words.store, config: { endpoint: 'https://oss-cn-hangzhou.aliyuncs.com', region: 'cn-hangzhou', bucket: 'goods', style: 'virtual', ...fakeStoreLogin } }); // prettier-ignore
  await api('rules', { which: 'first', rules: [{ name: words.rule, condition: { remarkContains: [words.remark] }, caseKind: 'invoice' }, { name: `${words.rule} 2`, condition: { minAmountMinor: 50_000, minQuantity: 5 } }] }, 'PUT'); // prettier-ignore
  const [care, store] = words.staff;
  await api('staff', { login: 'lin', name: care, role: 'support', rights: [] });
  await api('staff', { login: 'zhou', name: store, role: 'warehouse', rights: [] });
  const { id: shopId } = await api<{ id: number }>('shops', { name: words.shop });
  await api(`shops/${shopId}/keys`, { mode: 'live', scopes: ['orders'], label: '' });
  const goods = openImporter(system);
  const { id } = await goods.ask<{ id: number }>('imports/products', { mode: 'live', fileName: 'goods.xlsx' });
  const rows = [['商品名称*', 'SKU编码*', '售价*', '库存上限'], [words.imported, 'NF-30', '25', '100'], [words.imported, 'NF-90', '?', '']]; // prettier-ignore
  await goods.upload(id, new Uint8Array(writeXlsx({ name: 'Sheet1', rows })));
  await goods.settled(id);
  await goods.ask(`imports/${id}/confirm-products`, { onlyGood: true });
  await goods.settled(id);
  const sku = 'NF-30';
  await api(`products/${sku}/sources`, { poolUse: 'first', sources: [{ supplierId, supplierSku: 'UP-31' }] }, 'PUT');
  return { sku, importId: id };
}

/** A payment given back: through, as the list of refunds has it. */
export async function refunded(system: System, orderNo: string, reason: string): Promise<void> {
  const [payment] = await query<{ id: string }>(system, 'select p.id from payments p join orders o on o.id = p.order_id where o.no = $1', orderNo); // prettier-ignore
  const { refund } = await call<{ refund: { id: number } }>(`${system.base}/api/console/payments/${payment?.id ?? ''}/refunds`, { token: system.opsToken, body: { requestId: randomUUID(), reason, amountMinor: 1000 }, expect: 201 }); // prettier-ignore
  await until(`refund ${refund.id}`, async () => {
    const [row] = await query<{ state: string }>(system, 'select state from refunds where id = $1', refund.id);
    return row && row.state !== 'wanted' && row.state !== 'asked' ? true : undefined;
  }, 30_000); // prettier-ignore
}
