/**
 * Imports and batches of keys (D4, D5). An import is begun with its options, the file follows as the raw body of
 * `PUT /api/console/imports/:id/file` (any size up to the limit, streamed), then it is checked, previewed, confirmed.
 */
import { z } from 'zod';
import { encodings } from '../../domain/encoding.ts';
import { errors } from '../../domain/errors.ts';
import { columnKinds, fileFormats } from '../../domain/key-file.ts';
import { id, idParam, mode, paging, time } from './goods-shapes.ts';
import { route } from './route.ts';

const words = z.strictObject({ cause: z.string(), next: z.string() });
const code = z.string().refine((value) => Object.hasOwn(errors, value));

export const importView = z
  .strictObject({
    id: z.int(),
    kind: z.enum(['cards', 'products']),
    mode,
    source: z.enum(['upload', 'paste', 'directory']),
    state: z.enum(['receiving', 'received', 'ready', 'confirmed', 'done', 'failed', 'cancelled', 'expired']),
    productId: z.int().nullable(),
    fileName: z.string(),
    bytes: z.int(),
    format: z.enum(fileFormats).nullable(),
    encoding: z.enum(encodings).nullable(),
    lines: z.int().describe('Read so far: progress of the check'),
    good: z.int().describe('To be imported'),
    bad: z.int(),
    inFile: z.int().describe('文件内重复'),
    inStock: z.int().describe('库存中已有'),
    sold: z.int().describe('已售出过'),
    added: z.int().describe('In the pool: progress of the import'),
    late: z.int().describe('Brought in by another import in the meantime'),
    separator: z.string().nullable(),
    columns: z.array(z.string()),
    headers: z.array(z.string()).describe('Of a product sheet: its first row'),
    actions: z.strictObject({ create: z.int(), update: z.int(), skip: z.int() }).nullable().describe('Of the good rows of a product sheet'), // prettier-ignore
    undone: z.int().nullable().describe('Of a product sheet that was taken back: products removed or restored'),
    preview: z.array(
      z.strictObject({
        line: z.int(),
        sku: z.string(),
        key: z.array(z.string()).describe('Masked'),
        expiresAt: time.optional(),
      }),
    ),
    totals: z.array(z.strictObject({ sku: z.string(), keys: z.int() })),
    overLimit: z.array(z.strictObject({ sku: z.string(), limit: z.int(), have: z.int(), come: z.int() })),
    failureCode: code.nullable(),
    failure: z.strictObject({ zh: words, en: words }).nullable().describe('The failure in words'),
    failureDetail: z.unknown(),
    createdAt: time,
    confirmedAt: time.nullable(),
    endedAt: time.nullable(),
    expiresAt: time.describe('When it is dropped unless confirmed'),
  })
  .meta({ id: 'Import' });

export const beginCardImport = route({
  method: 'post',
  path: '/api/console/imports/cards',
  summary: { zh: '开始导入卡密', en: 'Begin an import of keys' },
  auth: { right: 'cards.import' },
  body: z.strictObject({
    mode,
    productId: z.int().nullable().default(null).describe('Null: the first column names the product'),
    fileName: z.string().max(200).default(''),
    text: z.string().min(1).max(20_000_000).optional().describe('Pasted; else send the file next'),
    format: z.enum(fileFormats).optional(),
    encoding: z.enum(encodings).optional(),
    separator: z.string().min(1).max(8).optional(),
    columns: z.array(z.enum(columnKinds)).min(1).max(12).optional(),
    trim: z.boolean().default(true),
    source: z.string().max(80).default('').describe('Whom the keys were bought from'),
    note: z.string().max(500).default(''),
    costMinor: z.int().min(0).optional().describe('Of one key'),
    currency: z.string().regex(/^[A-Z]{3}$/).optional(), // prettier-ignore
    expiresAt: time.optional().describe('For keys without a date of their own'),
  }),
  status: 201,
  response: importView,
  errors: ['PRODUCT_NOT_FOUND'],
});

export const listImports = route({
  method: 'get',
  path: '/api/console/imports',
  summary: { zh: '导入记录', en: 'Imports' },
  auth: { right: 'products.read' },
  query: z.object({ kind: z.enum(['cards', 'products']).default('cards'), productId: id.optional(), ...paging }),
  response: z.strictObject({ items: z.array(importView), next: z.int().nullable() }),
});

export const readImport = route({
  method: 'get',
  path: '/api/console/imports/:id',
  summary: { zh: '导入详情与进度', en: 'An import and how far it is' },
  auth: { right: 'products.read' },
  params: idParam,
  response: importView,
  errors: ['IMPORT_NOT_FOUND'],
});

export const confirmImport = route({
  method: 'post',
  path: '/api/console/imports/:id/confirm',
  summary: { zh: '确认导入', en: 'Confirm an import' },
  auth: { right: 'cards.import' },
  params: idParam,
  response: importView,
  errors: ['IMPORT_NOT_FOUND', 'IMPORT_STATE', 'IMPORT_NOTHING', 'STOCK_LIMIT'],
});

export const cancelImport = route({
  method: 'post',
  path: '/api/console/imports/:id/cancel',
  summary: { zh: '取消导入', en: 'Cancel an import; what is in the pool already stays until its batch is undone' },
  // cards.import or products.edit, by what is imported.
  auth: 'staff',
  params: idParam,
  response: importView,
  errors: ['IMPORT_NOT_FOUND', 'IMPORT_STATE'],
});

export const importProblems = route({
  method: 'get',
  path: '/api/console/imports/:id/problems',
  summary: { zh: '导入问题（按行号，不显示卡密）', en: 'What is wrong, by line, without keys' },
  auth: { right: 'products.read' },
  params: idParam,
  query: z.object({ after: z.coerce.number().int().min(-1).default(-1) }),
  response: z.strictObject({
    items: z.array(z.strictObject({ line: z.int(), code: z.string(), zh: z.string(), en: z.string() })),
    next: z.int().nullable(),
  }),
  errors: ['IMPORT_NOT_FOUND'],
});

export const batchView = z
  .strictObject({
    id: z.int(),
    productId: z.int(),
    mode,
    source: z.string(),
    note: z.string(),
    by: z.string(),
    costMinor: z.int().nullable().describe('Of one key; null without the right costs.read'),
    currency: z.string().nullable(),
    expiresAt: time.nullable(),
    importId: z.int().nullable(),
    createdAt: time,
    undoneAt: time.nullable(),
    available: z.int(),
    held: z.int(),
    sold: z.int(),
    expired: z.int(),
    void: z.int(),
  })
  .meta({ id: 'Batch' });

export const listBatches = route({
  method: 'get',
  path: '/api/console/products/:id/batches',
  summary: { zh: '卡密批次', en: 'Batches of keys' },
  auth: { right: 'products.read' },
  params: idParam,
  query: z.object(paging),
  response: z.strictObject({ items: z.array(batchView), next: z.int().nullable() }),
});

export const undoBatch = route({
  method: 'post',
  path: '/api/console/batches/:id/undo',
  summary: { zh: '撤销批次（仅未售出的卡密）', en: 'Undo a batch: what is unsold goes' },
  auth: { right: 'cards.import' },
  params: idParam,
  body: z.strictObject({ reason: z.string().trim().min(1).max(500) }),
  response: z.strictObject({ undone: z.literal(true) }),
  errors: ['BATCH_NOT_FOUND', 'BATCH_UNDONE'],
});
