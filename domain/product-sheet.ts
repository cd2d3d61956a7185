/** A row of the product sheet (D1): what each column means, and what is wrong with a cell, in words. */
import { parseAmount } from './money.ts';
import {
  checkProduct,
  productKinds,
  productStates,
  skuPattern,
  type FieldProblem,
  type ProductFields,
} from './product.ts';

export const sheetFields = ['name', 'sku', 'kind', 'price', 'currency', 'content', 'stockLimit', 'warnBelow', 'minQuantity', 'maxQuantity', 'buyerLimit', 'state', 'tags', 'note'] as const; // prettier-ignore
export type SheetField = (typeof sheetFields)[number];

/** The template's headers, zh-CN; the first of each is the one that we write. */
export const sheetHeaders: Readonly<Record<SheetField, readonly string[]>> = {
  name: ['商品名称', '名称', '商品名', 'name', 'title'],
  sku: ['SKU编码', '商品编码', '商品编号', 'sku', 'SKU', '货号'],
  kind: ['商品类型', '发货方式', '类型', 'kind', 'type'],
  price: ['售价', '价格', '单价', 'price'],
  currency: ['币种', '货币', 'currency'],
  content: ['发货内容', '卡密', 'content'],
  stockLimit: ['库存上限', 'stock limit'],
  warnBelow: ['库存预警', '预警值', 'warn below'],
  minQuantity: ['最小购买数量', '起购数量', 'min quantity'],
  maxQuantity: ['最大购买数量', '单笔限购', 'max quantity'],
  buyerLimit: ['每人限购', 'buyer limit'],
  state: ['状态', 'state', 'status'],
  tags: ['标签', 'tags'],
  note: ['备注', 'note', 'remark'],
};

export const kindWords: Readonly<Record<string, ProductFields['kind']>> = { 卡密: 'card', 链接: 'link', API对接: 'supplier', 直充: 'topup', 人工: 'manual' }; // prettier-ignore
export const stateWords: Readonly<Record<string, ProductFields['state']>> = { 草稿: 'draft', 在售: 'on_sale', 下架: 'off_sale' }; // prettier-ignore

const plain = (text: string): string => text.normalize('NFKC').replace(/[*\s]/g, '').toLowerCase();

/** Which field each column holds, by the operator's mapping or by known headers. */
export function mapHeaders(
  headers: readonly string[],
  mapping: Readonly<Record<string, string>> = {},
): (SheetField | undefined)[] {
  return headers.map((header) => {
    const chosen = sheetFields.find((field) => field === mapping[header]);
    return chosen ?? sheetFields.find((field) => sheetHeaders[field].some((name) => plain(name) === plain(header)));
  });
}

/** A cell as the sheet has it; kinds other than text come from spreadsheets. */
export interface SheetCell {
  readonly text: string;
  readonly kind: 'text' | 'number' | 'date' | 'formula' | 'error';
}

// What no name or key holds, and PostgreSQL partly cannot.
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
/** A text of a cell that is only shown: without what cannot be shown or stored. */
export function shownText(text: string): string {
  return text.replaceAll(new RegExp(control, 'g'), '�');
}
const wholeFields: readonly SheetField[] = ['name', 'sku', 'content', 'tags', 'note'];

/** The text that a cell means, or what is wrong with it: nothing is evaluated, and nothing is guessed that was lost. */
export function readSheetCell(field: SheetField, { text, kind }: SheetCell): string | FieldProblem {
  if (kind === 'formula') return { field, zh: '单元格是公式，系统不会计算；请粘贴为数值', en: 'The cell is a formula, which is not computed; paste it as a value' }; // prettier-ignore
  if (kind === 'error') return { field, zh: '单元格为错误值', en: 'The cell holds an error' };
  if (kind === 'date') return { field, zh: '单元格是日期，请设为文本', en: 'The cell is a date; format it as text' };
  if (control.test(text)) return { field, zh: '含有不可见的控制字符', en: 'It holds control characters that cannot be seen' }; // prettier-ignore
  if (kind !== 'number') return text;
  if (!wholeFields.includes(field)) {
    // 19.99 is written as 19.989999999999998 by some: 15 digits are what a spreadsheet knows.
    const value = Number(text);
    return Number.isFinite(value) && Math.abs(value) < 1e15 ? String(Number(value.toPrecision(15))) : text;
  }
  if (!/^-?\d+(\.\d+)?$/.test(text) || text.replace(/\D/g, '').length > 15) {
    return { field, zh: '数字超过 15 位，表格已丢失末位；请把该列设为文本后重新填写', en: 'A number of more than 15 digits: the spreadsheet has lost the last ones. Format the column as text and enter it again' }; // prettier-ignore
  }
  return text;
}

/** A row with mistakes, as it came. */
export interface BadRow {
  readonly line: number;
  readonly cells: readonly string[];
}

export interface SheetRow {
  readonly fields: ProductFields | undefined;
  /** Keys of 发货内容, one per line. */
  readonly content: readonly string[];
  readonly problems: readonly FieldProblem[];
}

/** Reads a row; `base` is the existing product that the row would update. */
export function readSheetRow(
  cells: Readonly<Partial<Record<SheetField, string>>>,
  base: ProductFields | undefined,
): SheetRow {
  const problems: FieldProblem[] = [];
  const say = (field: SheetField, zh: string, en: string): void => void problems.push({ field, zh, en });
  // Full-width digits and letters are meant as the usual ones; names and keys are kept as they are.
  const read = (field: SheetField): string => (cells[field] ?? '').normalize('NFKC').trim();
  const sku = read('sku');
  const name = (cells.name ?? '').trim();
  if (!skuPattern.test(sku)) say('sku', sku === '' ? 'SKU编码不能为空' : 'SKU编码只能含字母、数字、点、下划线和连字符，最多 64 位', 'The SKU is missing or has characters that it may not have'); // prettier-ignore
  if (name === '' && !base) say('name', '商品名称不能为空', 'The name is missing');
  if (name.length > 120) say('name', '商品名称超过 120 个字', 'The name is longer than 120 characters');

  const count = (field: SheetField, least: number, most: number, fallback: number | null): number | null => {
    const text = read(field);
    if (text === '') return fallback;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    say(field, `应为 ${least} 到 ${most} 的整数`, `It should be a whole number from ${least} to ${most}`);
    return fallback;
  };
  const word = <T extends string>(
    field: SheetField,
    words: Readonly<Record<string, T>>,
    all: readonly T[],
    fallback: T,
  ): T => {
    // prettier-ignore
    const text = read(field);
    if (text === '') return fallback;
    const found = words[text] ?? Object.entries(words).find(([key]) => plain(key) === plain(text))?.[1] ?? all.find((each) => each === text); // prettier-ignore
    if (found === undefined)
      say(field, `应为：${Object.keys(words).join('、')}`, `It should be one of: ${all.join(', ')}`);
    return found ?? fallback;
  };
  const currency = read('currency').toUpperCase() || (base?.currency ?? 'CNY');
  if (!/^[A-Z]{3}$/.test(currency))
    say('currency', '币种应为三位字母，例如 CNY', 'The currency is three letters, such as CNY');
  const priceText = read('price')
    .replace(/^[¥￥$]/, '')
    .replace(/元$/, '');
  const price = priceText === '' ? base?.priceMinor : parseAmount(priceText, currency);
  if (price === undefined || price < 1) say('price', '售价应为大于 0 的金额，例如 9.90', 'The price should be an amount above 0, such as 9.90'); // prettier-ignore

  const kind = word('kind', kindWords, productKinds, base?.kind ?? 'card');
  const content = (cells.content ?? '').split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== ''); // prettier-ignore
  const shaped = base !== undefined && (base.cardUse === 'chosen' || base.partLabels.length > 1);
  if (content.length > 0 && shaped) say('content', '自选卡号和多段卡密请在「卡密池」导入', 'Numbers that are chosen and keys of several parts come in by an import of keys'); // prettier-ignore
  if (content.length > 0 && kind !== 'card') say('content', '只有卡密商品可以在表格中填写发货内容', 'Only products of kind 卡密 take their keys here'); // prettier-ignore
  const limit = count('stockLimit', 1, 100_000_000, base?.stockLimit ?? null);
  if (limit !== null && content.length > limit) say('content', `发货内容 ${content.length} 条，超过库存上限 ${limit}`, `${content.length} keys are more than the stock limit of ${limit}`); // prettier-ignore
  if (content.some((line) => line.length > 4096)) say('content', '单条卡密超过 4096 个字符', 'A key is longer than 4096 characters'); // prettier-ignore
  const tags = read('tags') === '' ? [...(base?.tags ?? [])] : read('tags').split(/[,，;；、\s]+/).filter(Boolean).slice(0, 20); // prettier-ignore

  const fields: ProductFields = {
    sku,
    name: name === '' ? (base?.name ?? '') : name,
    kind,
    state: word('state', stateWords, productStates, base?.state ?? 'on_sale'),
    priceMinor: price ?? 0,
    currency,
    minQuantity: count('minQuantity', 1, 1000, base?.minQuantity ?? 1) ?? 1,
    maxQuantity: count('maxQuantity', 1, 1000, base?.maxQuantity ?? 1000) ?? 1000,
    buyerLimit: count('buyerLimit', 1, 1_000_000, base?.buyerLimit ?? null),
    stockLimit: limit,
    warnBelow: count('warnBelow', 0, 100_000_000, base?.warnBelow ?? null),
    holdMinutes: base?.holdMinutes ?? null,
    promiseSeconds: base?.promiseSeconds ?? null,
    cardUse: base?.cardUse ?? 'single',
    partLabels: base?.partLabels ?? [],
    templateId: base?.templateId ?? null,
    texts: base?.texts ?? {},
    tags,
    note: read('note') === '' ? (base?.note ?? '') : (cells.note ?? '').slice(0, 2_000),
    policy: base?.policy ?? {},
  };
  const all = problems.length > 0 ? problems : checkProduct(fields);
  return { fields: all.length > 0 ? undefined : fields, content, problems: all };
}
