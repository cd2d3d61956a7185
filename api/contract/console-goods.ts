/** Products of the console (D1–D3). */
import { z } from 'zod';
import { productKinds, productStates } from '../../domain/product.ts';
import { fieldProblems, flagQuery, idParam, nameParts, paging, productFields, stock, time } from './goods-shapes.ts';
import { route } from './route.ts';

export const productView = z
  .strictObject({
    ...productFields,
    id: z.int(),
    version: z.int().describe('Send it back with an edit'),
    nameParts: nameParts.nullable().describe('Null: the name is not a standard one'),
    createdAt: time,
    updatedAt: time,
    stock: z.strictObject({ live: stock, test: stock }),
  })
  .meta({ id: 'Product' });

export const listProducts = route({
  method: 'get',
  path: '/api/console/products',
  summary: { zh: '商品列表', en: 'Products' },
  auth: { right: 'products.read' },
  query: z.object({
    search: z.string().max(120).optional(),
    kind: z.enum(productKinds).optional(),
    state: z.enum(productStates).optional(),
    tag: z.string().max(30).optional(),
    nameType: z.string().max(60).optional(),
    nameBrand: z.string().max(60).optional(),
    nameFace: z.string().max(60).optional(),
    nameValidity: z.string().max(60).optional(),
    standardName: flagQuery.optional(),
    ...paging,
  }),
  response: z.strictObject({ items: z.array(productView), next: z.int().nullable() }),
});

export const productFacets = route({
  method: 'get',
  path: '/api/console/products/facets',
  summary: { zh: '筛选项', en: 'Values that filters offer' },
  auth: { right: 'products.read' },
  response: z.strictObject({
    types: z.array(z.string()),
    brands: z.array(z.string()),
    faces: z.array(z.string()),
    validities: z.array(z.string()),
    tags: z.array(z.string()),
  }),
});

export const checkName = route({
  method: 'post',
  path: '/api/console/products/check-name',
  summary: { zh: '检查标准名称', en: 'Check a standard name' },
  auth: { right: 'products.read' },
  body: z.strictObject({ name: z.string().max(120) }),
  response: z.strictObject({
    parts: nameParts.nullable(),
    problems: fieldProblems,
    suggestion: z.string().nullable(),
  }),
});

export const readProduct = route({
  method: 'get',
  path: '/api/console/products/:id',
  summary: { zh: '商品详情', en: 'A product' },
  auth: { right: 'products.read' },
  params: idParam,
  response: productView,
  errors: ['PRODUCT_NOT_FOUND'],
});

export const createProduct = route({
  method: 'post',
  path: '/api/console/products',
  summary: { zh: '新建商品', en: 'Create a product' },
  auth: { right: 'products.edit' },
  body: z.strictObject(productFields),
  status: 201,
  response: productView,
  errors: ['SKU_TAKEN', 'PRODUCT_INVALID', 'TEMPLATE_NOT_FOUND', 'TEMPLATE_INVALID'],
});

export const editProduct = route({
  method: 'put',
  path: '/api/console/products/:id',
  summary: { zh: '修改商品', en: 'Edit a product' },
  auth: { right: 'products.edit' },
  params: idParam,
  body: z.strictObject({ ...productFields, version: z.int() }),
  response: productView,
  errors: [
    'PRODUCT_NOT_FOUND',
    'SKU_TAKEN',
    'PRODUCT_INVALID',
    'PRODUCT_CHANGED',
    'CARD_USE_FIXED',
    'TEMPLATE_NOT_FOUND',
  ],
});

export const productHistory = route({
  method: 'get',
  path: '/api/console/products/:id/history',
  summary: { zh: '商品变更记录', en: 'Who changed what' },
  auth: { right: 'products.read' },
  params: idParam,
  response: z.strictObject({
    items: z.array(z.strictObject({ at: time, actor: z.string(), action: z.string(), detail: z.unknown() })),
  }),
});
