/** Batch import of products, its template and its error file, in the console. */
import type { Request, Response, Router } from 'express';
import { beginImport, importById, moveImport, type ImportRow } from '../../db/imports.ts';
import { loadSheet, undoSheet, type ShownRow } from '../../db/product-imports.ts';
import { KnownError } from '../../domain/errors.ts';
import { kindWords, sheetFields, sheetHeaders, stateWords, type BadRow } from '../../domain/product-sheet.ts';
import { sheetAad } from '../../integrations/keyring/aad.ts';
import { writeXlsx, type Sheet } from '../../integrations/sheets/xlsx-out.ts';
import { consoleSheets } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { person, serve, type Authenticate } from '../serve.ts';
import { viewImport } from './imports.ts';

const example: Readonly<Record<string, string>> = { name: '游戏点卡-腾讯QQ-100元-365天', sku: 'QQ-100', kind: '卡密', price: '98.00', currency: 'CNY', content: '', stockLimit: '1000', warnBelow: '10', minQuantity: '1', maxQuantity: '10', buyerLimit: '', state: '在售', tags: '热卖', note: '示例行，导入前请删除' }; // prettier-ignore
const spreadsheet = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

function sendSheet(response: Response, name: string, bytes: Buffer): void {
  response.setHeader('content-type', spreadsheet).setHeader('cache-control', 'no-store');
  response.setHeader('content-disposition', `attachment; filename="${name}"`);
  response.send(bytes);
}

export function sheetRoutes(router: Router, authenticate: Authenticate, { pool, keyring }: ApiDeps): void {
  const known = async (id: number): Promise<ImportRow> => {
    const row = Number.isSafeInteger(id) ? await importById(pool, id) : undefined;
    if (row?.kind !== 'products') throw new KnownError('IMPORT_NOT_FOUND');
    return row;
  };
  const rowsOf = async (id: number): Promise<ShownRow[]> => (await loadSheet(pool, id))?.rows ?? [];

  /** The rows with mistakes as they came, and what is wrong beside them: to be corrected and sent again. */
  const errorSheet = async (row: ImportRow): Promise<Sheet> => {
    const sheet = await loadSheet(pool, row.id);
    const bad = (sheet?.rows ?? []).filter((r) => r.problems.length > 0);
    const said = (r: ShownRow): string => r.problems.map((p) => `${sheetHeaders[p.field as keyof typeof sheetHeaders][0] ?? p.field}：${p.zh}`).join('；'); // prettier-ignore
    const { headers = [] } = row.summary as { headers?: string[] };
    if (sheet && sheet.sealed.length > 0 && headers.length > 0) {
      const sealed = keyring.open('card', sheet.sealed, sheetAad(row.id)).toString('utf8');
      const rows = (JSON.parse(sealed) as { bad: BadRow[] }).bad;
      const problems = new Map(bad.map((r) => [r.line, said(r)]));
      const lines = rows.map(({ line, cells }) => [...headers.map((_, i) => cells[i] ?? ''), `第 ${line} 行：${problems.get(line) ?? ''}`]); // prettier-ignore
      return { name: '错误', rows: [[...headers, '问题'], ...lines], widths: [...headers.map(() => 16), 60] };
    }
    const lines = bad.map((r) => [String(r.line), r.sku, r.name, said(r)]);
    return { name: '错误', rows: [['行号', 'SKU编码', '商品名称', '问题'], ...lines], widths: [8, 20, 36, 60] };
  };

  serve(router, authenticate, consoleSheets.beginProductImport, async (call) => {
    const { fileName, mode, ...options } = call.body;
    const { actorId } = person(call);
    const given = { kind: 'products', mode, source: 'upload', productId: null, fileName, options, actorId } as const;
    return viewImport(await known(await beginImport(pool, given)));
  });
  serve(router, authenticate, consoleSheets.sheetRows, async ({ params, query }) => {
    await known(params.id);
    const rows = (await rowsOf(params.id)).filter((row) => query.bad === 'false' || row.problems.length > 0);
    const page = rows.slice(query.from, query.from + query.limit);
    return { items: page.map((row) => ({ ...row, problems: [...row.problems] })), total: rows.length };
  });
  serve(router, authenticate, consoleSheets.confirmSheet, async (call) => {
    const row = await known(call.params.id);
    if (row.state === 'ready' && row.good === 0) throw new KnownError('IMPORT_NOTHING');
    if (row.state === 'ready' && row.bad > 0 && !call.body.onlyGood) throw new KnownError('IMPORT_ERRORS', { bad: row.bad }); // prettier-ignore
    const moved = await moveImport(pool, row.id, ['ready'], 'confirmed', person(call).actorId);
    if (!moved && row.state !== 'confirmed' && row.state !== 'done') throw new KnownError('IMPORT_STATE', { state: row.state }); // prettier-ignore
    return viewImport(await known(row.id));
  });
  serve(router, authenticate, consoleSheets.undoSheet, async (call) => {
    const row = await known(call.params.id);
    return undoSheet(pool, row.id, person(call).actorId);
  });

  router.get('/api/console/product-template.xlsx', async (request, response) => {
    await authenticate(request, { right: 'products.read' });
    const header = sheetFields.map((f) => (['name', 'sku', 'price'].includes(f) ? `${sheetHeaders[f][0] ?? f}*` : (sheetHeaders[f][0] ?? f))); // prettier-ignore
    const lists = {
      [sheetFields.indexOf('kind')]: Object.keys(kindWords),
      [sheetFields.indexOf('state')]: Object.keys(stateWords),
      [sheetFields.indexOf('currency')]: ['CNY', 'USD', 'HKD', 'USDT'],
    };
    const widths = sheetFields.map((field) => (field === 'name' || field === 'content' ? 36 : 14));
    sendSheet(response, 'products.xlsx', writeXlsx({ name: '商品', rows: [header, sheetFields.map((f) => example[f] ?? '')], widths, lists })); // prettier-ignore
  });
  router.get('/api/console/imports/:id/errors.xlsx', async (request: Request, response) => {
    // Of the rows as they came 发货内容 is a part: for those who could have sent it.
    await authenticate(request, { right: 'products.edit' });
    const row = await known(Number(request.params['id']));
    sendSheet(response, `errors-${row.id}.xlsx`, writeXlsx(await errorSheet(row)));
  });
}
