/** Upstream suppliers and the sources of products. */
import { z } from 'zod';
import { purchaseStates } from '../../domain/supplier.ts';
import { reason } from './console-orders.ts';
import { route } from './route.ts';
import { at, configFields, configOf, idParams, maskedConfig, mode, rowId, words } from './shapes.ts';

const sku = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u);
const minor = z.int().min(1).max(1_000_000_000_000);
const options = z.record(z.string().min(1).max(40), z.string().min(1).max(200));

export const supplierKinds = route({
  method: 'get',
  path: '/api/console/supplier-kinds',
  summary: { zh: '供应商类型与表单', en: 'Kinds of suppliers and their forms' },
  auth: { right: 'suppliers.read' },
  response: z.strictObject({
    kinds: z.array(
      z.strictObject({
        kind: z.string(),
        name: words,
        fields: configFields,
        canFind: z.boolean().describe('An unknown outcome can be asked for; otherwise it goes to a person'),
        topUp: z.boolean(),
        currencies: z.array(z.string()).nullable().describe('null: any; the operator says which'),
      }),
    ),
  }),
});

const supplierView = z
  .strictObject({
    id: z.int(),
    kind: z.string(),
    mode,
    name: z.string(),
    currency: z.string(),
    config: maskedConfig,
    enabled: z.boolean(),
    maxParallel: z.int(),
    lowBalanceMinor: z.int().nullable(),
    balanceMinor: z.int().nullable(),
    balanceAt: at.nullable(),
    health: z.strictObject({
      state: z.enum(['well', 'sick', 'off']).describe('sick: left alone until `until`'),
      until: at.nullable(),
      calls: z.int().describe('Of the last hour, as the next five'),
      troubles: z.int(),
      refusals: z.int(),
      p50Ms: z.int().nullable(),
      p99Ms: z.int().nullable(),
      lastTrouble: z.string().nullable(),
      lastTroubleAt: at.nullable(),
      open: z.int().describe('Purchases on the wire, pending, unknown or in review'),
    }),
  })
  .meta({ id: 'Supplier' });

export const listSuppliers = route({
  method: 'get',
  path: '/api/console/suppliers',
  summary: { zh: '供应商列表与健康状况', en: 'Suppliers and their health' },
  auth: { right: 'suppliers.read' },
  query: z.object({ mode: mode.optional() }),
  response: z.strictObject({ suppliers: z.array(supplierView) }),
});

const settings = z.strictObject({
  name: z.string().trim().min(1).max(80),
  config: configOf(8192),
  enabled: z.boolean().default(true),
  maxParallel: z.int().min(1).max(50).default(4).describe('Purchases at once'),
  lowBalanceMinor: minor.nullable().default(null).describe('Below it people are told'),
});

export const createSupplier = route({
  method: 'post',
  path: '/api/console/suppliers',
  summary: { zh: '添加供应商', en: 'Add a supplier' },
  auth: { right: 'suppliers.configure' },
  body: settings.extend({
    kind: z.string().max(40),
    mode,
    currency: z.string().regex(/^[A-Z]{3}$/).default('CNY'), // prettier-ignore
  }),
  status: 201,
  response: z.strictObject({ id: z.int() }),
  errors: ['SUPPLIER_CONFIG_INVALID', 'SUPPLIER_NAME_TAKEN'],
});

export const changeSupplier = route({
  method: 'put',
  path: '/api/console/suppliers/:id',
  summary: { zh: '修改供应商', en: 'Change a supplier' },
  auth: { right: 'suppliers.configure' },
  params: idParams,
  body: settings.describe('Secrets that are left out or still masked keep their value'),
  response: z.strictObject({ id: z.int() }),
  errors: ['SUPPLIER_NOT_FOUND', 'SUPPLIER_CONFIG_INVALID', 'SUPPLIER_NAME_TAKEN'],
});

export const checkSupplier = route({
  method: 'post',
  path: '/api/console/suppliers/:id/check',
  summary: { zh: '测试连接并查询余额', en: 'Try the connection and read the balance' },
  auth: { right: 'suppliers.configure' },
  params: idParams,
  response: z.strictObject({ balanceMinor: z.int(), currency: z.string(), ms: z.int() }),
  errors: ['SUPPLIER_NOT_FOUND', 'SUPPLIER_SILENT', 'SUPPLIER_BAD_ANSWER', 'SUPPLIER_DENIED'],
});

export const resumeSupplier = route({
  method: 'post',
  path: '/api/console/suppliers/:id/resume',
  summary: { zh: '立即恢复向其采购', en: 'Buy from it again at once' },
  auth: { right: 'suppliers.configure' },
  params: idParams,
  response: z.strictObject({ id: z.int() }),
  errors: ['SUPPLIER_NOT_FOUND'],
});

export const readCatalogue = route({
  method: 'get',
  path: '/api/console/suppliers/:id/catalogue',
  summary: { zh: '上游商品目录', en: "The supplier's catalogue" },
  auth: { right: 'suppliers.read' },
  params: idParams,
  query: z.object({ q: z.string().max(80).default(''), limit: z.coerce.number().int().min(1).max(200).default(50) }),
  response: z.strictObject({
    total: z.int(),
    items: z.array(
      z.strictObject({
        sku: z.string(),
        name: z.string(),
        costMinor: z.int().nullable(),
        stock: z.int().nullable(),
        options: z.record(z.string(), z.array(z.string())),
      }),
    ),
  }),
  errors: ['SUPPLIER_NOT_FOUND', 'SUPPLIER_SILENT', 'SUPPLIER_BAD_ANSWER', 'SUPPLIER_DENIED'],
});

const source = z.strictObject({
  supplierId: z.int().positive(),
  supplierSku: z.string().trim().min(1).max(120),
  options: options.default({}),
  unitCeilingMinor: minor.nullable().default(null).describe('Never buy one piece above this'),
  pattern: z.string().max(300).nullable().default(null).describe('What a key looks like, as a regular expression'),
  enabled: z.boolean().default(true),
});
const sources = z.strictObject({
  poolUse: z.enum(['first', 'last', 'never']).describe('Own pool before the suppliers, after them, or not at all'),
  sources: z.array(source).max(20).describe('In order of priority'),
});

export const readSources = route({
  method: 'get',
  path: '/api/console/products/:sku/sources',
  summary: { zh: '商品的货源', en: 'Sources of a product' },
  auth: { right: 'suppliers.read' },
  params: z.object({ sku }),
  response: sources,
  errors: ['PRODUCT_NOT_FOUND'],
});

export const writeSources = route({
  method: 'put',
  path: '/api/console/products/:sku/sources',
  summary: { zh: '设置商品的货源', en: 'Set the sources of a product' },
  auth: { right: 'suppliers.configure' },
  params: z.object({ sku }),
  body: sources,
  response: sources,
  errors: ['PRODUCT_NOT_FOUND', 'SOURCE_INVALID'],
});

export const purchaseView = z
  .strictObject({
    id: z.int(),
    ref: z.string().describe('Our number at the supplier'),
    orderNo: z.string(),
    sku: z.string(),
    productName: z.string(),
    supplierId: z.int(),
    supplier: z.string(),
    mode,
    quantity: z.int(),
    state: z.enum(purchaseStates),
    reason: z.string().nullable().describe('Why refused; a code of the error catalogue'),
    why: reason.nullable().describe('The same in words'),
    evidence: z.string().nullable(),
    problems: z.array(z.strictObject({ line: z.int(), problem: z.string() })),
    supplierRef: z.string().nullable(),
    costMinor: z.int().nullable(),
    currency: z.string(),
    createdAt: at,
    placedAt: at.nullable(),
    settledAt: at.nullable(),
  })
  .meta({ id: 'Purchase' });

export const listPurchases = route({
  method: 'get',
  path: '/api/console/purchases',
  summary: { zh: '采购记录', en: 'Purchases' },
  auth: { right: 'suppliers.read' },
  query: z.object({
    state: z
      .enum(['open', ...purchaseStates])
      .optional()
      .describe('open: all that are not ended, the wire included'),
    supplierId: rowId.optional(),
    orderNo: z.string().max(40).optional(),
    before: rowId.optional().describe('Id of the last one of the page before'),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  response: z.strictObject({ purchases: z.array(purchaseView) }),
});
