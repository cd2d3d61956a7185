/** 发货模板 (D8). */
import { z } from 'zod';
import { orderNoPattern } from '../../domain/ids.ts';
import { idParam, localizedTexts, time } from './goods-shapes.ts';
import { route } from './route.ts';

const name = z.string().trim().min(1).max(80);
export const templateView = z
  .strictObject({
    id: z.int(),
    name: z.string(),
    version: z.int(),
    content: localizedTexts,
    products: z.int().describe('How many products use it'),
    archived: z.boolean(),
  })
  .meta({ id: 'Template' });

export const listTemplates = route({
  method: 'get',
  path: '/api/console/templates',
  summary: { zh: '发货模板', en: 'Delivery templates' },
  auth: { right: 'products.read' },
  response: z.strictObject({ items: z.array(templateView) }),
});
export const createTemplate = route({
  method: 'post',
  path: '/api/console/templates',
  summary: { zh: '新建发货模板', en: 'Create a template' },
  auth: { right: 'products.edit' },
  body: z.strictObject({ name, content: localizedTexts }),
  status: 201,
  response: z.strictObject({ id: z.int() }),
  errors: ['TEMPLATE_INVALID', 'TEMPLATE_NAME_TAKEN'],
});
export const editTemplate = route({
  method: 'put',
  path: '/api/console/templates/:id',
  summary: { zh: '修改发货模板（生成新版本）', en: 'Edit a template: makes a new version' },
  auth: { right: 'products.edit' },
  params: idParam,
  body: z.strictObject({ name, content: localizedTexts, archived: z.boolean().default(false) }),
  response: z.strictObject({ version: z.int() }),
  errors: ['TEMPLATE_INVALID', 'TEMPLATE_NAME_TAKEN', 'TEMPLATE_NOT_FOUND'],
});
export const templateVersions = route({
  method: 'get',
  path: '/api/console/templates/:id/versions',
  summary: { zh: '发货模板的历史版本', en: 'Versions of a template, newest first' },
  auth: { right: 'products.read' },
  params: idParam,
  response: z.strictObject({
    items: z.array(z.strictObject({ version: z.int(), content: localizedTexts, by: z.string(), at: time })),
  }),
  errors: ['TEMPLATE_NOT_FOUND'],
});
export const previewTemplate = route({
  method: 'post',
  path: '/api/console/templates/preview',
  summary: { zh: '预览模板', en: 'Preview texts with a sample, or with a real order (its goods stay hidden)' },
  auth: { right: 'products.read' },
  body: z.strictObject({
    content: localizedTexts,
    locale: z.enum(['zh-CN', 'en']).default('zh-CN'),
    orderNo: z.string().regex(orderNoPattern).optional(),
  }),
  response: z.strictObject({ texts: z.record(z.string(), z.string()), mail: z.strictObject({ subject: z.string(), text: z.string(), html: z.string() }) }), // prettier-ignore
  errors: ['TEMPLATE_INVALID', 'ORDER_NOT_FOUND'],
});
