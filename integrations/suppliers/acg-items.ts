/** The catalogue of acg-faka: categories with goods, whose variants stand in an INI text. */
import { parseAmount } from '../../domain/money.ts';
import type { SupplierProduct } from './supplier.ts';
import { asObject, decimal } from './wire.ts';

const most = 5_000;

/** One item, a list of items, or a tree of categories with `children`: old and new sites answer differently. */
export function parseItems(data: unknown, currency: string): SupplierProduct[] {
  const out: SupplierProduct[] = [];
  const walk = (value: unknown): void => {
    if (out.length >= most) return;
    if (Array.isArray(value)) {
      value.forEach(walk);
      return;
    }
    const item = asObject(value);
    if (!item) return;
    if (Array.isArray(item['children'])) item['children'].forEach(walk);
    else if (typeof item['code'] === 'string' && item['code'] !== '') out.push(product(item, item['code'], currency));
  };
  walk(data);
  return out;
}

function product(item: Record<string, unknown>, sku: string, currency: string): SupplierProduct {
  const cost = ['factory_price', 'user_price', 'price']
    .map((name) => parseAmount(decimal(item[name]), currency))
    .find((minor) => minor !== undefined && minor > 0);
  const stock = Number(decimal(item['stock']));
  const races = typeof item['config'] === 'string' ? racesOf(item['config']) : [];
  return {
    sku,
    name: typeof item['name'] === 'string' ? item['name'].slice(0, 200) : sku,
    ...(cost !== undefined && { costMinor: cost }),
    ...(decimal(item['stock']) !== '' && Number.isSafeInteger(stock) && stock >= 0 && { stock }),
    ...(races.length > 0 && { options: { race: races } }),
  };
}

/** Names in section `[category]` of the INI text: the kinds (商品种类) of which one must be chosen. */
function racesOf(config: string): string[] {
  const races: string[] = [];
  let section = '';
  for (const line of config.split(/\r?\n/).slice(0, 500)) {
    const header = /^\s*\[([^\]]+)\]\s*$/.exec(line);
    if (header) section = header[1] ?? '';
    else if (section === 'category' && line.includes('=')) races.push(line.slice(0, line.indexOf('=')).trim());
  }
  return races;
}
