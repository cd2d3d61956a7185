/**
 * Batch import of products (D1). Begun here, the file follows by `PUT /api/console/imports/:id/file`; then preview,
 * confirm. `GET /api/console/product-template.xlsx` is the template, `…/imports/:id/errors.xlsx` the rows to correct.
 */
import { z } from 'zod';
import { sheetFields } from '../../domain/product-sheet.ts';
import { importView } from './console-imports.ts';
import { fieldProblems, idParam, mode } from './goods-shapes.ts';
import { route } from './route.ts';

export const beginProductImport = route({
  method: 'post',
  path: '/api/console/imports/products',
  summary: { zh: '开始批量导入商品', en: 'Begin a batch import of products' },
  auth: { right: 'products.edit' },
  body: z.strictObject({
    fileName: z.string().max(200).default(''),
    mode: mode.default('live').describe('Of the keys in 发货内容'),
    rule: z.enum(['skip', 'update']).default('skip').describe('SKUs that exist: leave them, or update them'),
    mapping: z.record(z.string().max(80), z.enum(sheetFields)).default({}).describe('Header of the file → field'),
  }),
  status: 201,
  response: importView,
});

export const sheetRows = route({
  method: 'get',
  path: '/api/console/imports/:id/rows',
  summary: { zh: '预览商品表格', en: 'Preview of a product sheet' },
  auth: { right: 'products.read' },
  params: idParam,
  query: z.object({ from: z.coerce.number().int().min(0).default(0), limit: z.coerce.number().int().min(1).max(500).default(100), bad: z.enum(['true', 'false']).default('false') }), // prettier-ignore
  response: z.strictObject({
    items: z.array(
      z.strictObject({
        line: z.int(),
        sku: z.string(),
        name: z.string(),
        action: z.enum(['create', 'update', 'skip']),
        keys: z.int().describe('Keys in 发货内容'),
        problems: fieldProblems,
      }),
    ),
    total: z.int(),
  }),
  errors: ['IMPORT_NOT_FOUND'],
});

export const confirmSheet = route({
  method: 'post',
  path: '/api/console/imports/:id/confirm-products',
  summary: { zh: '确认导入商品', en: 'Confirm a product sheet' },
  auth: { right: 'products.edit' },
  params: idParam,
  body: z.strictObject({ onlyGood: z.boolean().default(false).describe('Import the good rows although others are not') }), // prettier-ignore
  response: importView,
  errors: ['IMPORT_NOT_FOUND', 'IMPORT_STATE', 'IMPORT_NOTHING', 'IMPORT_ERRORS'],
});

export const undoSheet = route({
  method: 'post',
  path: '/api/console/imports/:id/undo-products',
  summary: {
    zh: '撤销商品导入（未产生订单）',
    en: 'Take a product import back: what it made goes, what it changed becomes what it was',
  },
  auth: { right: 'products.edit' },
  params: idParam,
  response: z.strictObject({ removed: z.int(), restored: z.int() }),
  errors: ['IMPORT_NOT_FOUND', 'IMPORT_STATE', 'PRODUCT_CHANGED'],
});
