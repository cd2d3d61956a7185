/** Single keys, exports and rotation (D6). The file of an export is `POST /api/console/exports/:id/file`. */
import { z } from 'zod';
import { rotatedRings } from '../../domain/sealed-places.ts';
import { id, idParam, mode, paging, time } from './goods-shapes.ts';
import { route } from './route.ts';

const state = z.enum(['available', 'held', 'sold', 'expired', 'void']);
const reason = z.string().trim().min(2).max(500);

export const cardView = z
  .strictObject({
    id: z.int(),
    productId: z.int(),
    batchId: z.int(),
    mode,
    state,
    orderNo: z.string().nullable(),
    soldAt: time.nullable(),
    expiresAt: time.nullable(),
    heldUntil: time.nullable(),
    number: z.string().nullable().describe('自选卡号: what buyers choose by'),
    surchargeMinor: z.int().nullable(),
  })
  .meta({ id: 'Card' });

export const listCards = route({
  method: 'get',
  path: '/api/console/products/:id/cards',
  summary: { zh: '卡密列表（不显示内容）', en: 'Keys of a product, without their texts' },
  auth: { right: 'products.read' },
  params: idParam,
  query: z.object({ state: state.optional(), batchId: id.optional(), ...paging }),
  response: z.strictObject({ items: z.array(cardView), next: z.int().nullable() }),
});

export const findCard = route({
  method: 'post',
  path: '/api/console/products/:id/find-card',
  summary: { zh: '按完整卡密查找', en: 'Find a key by its full text' },
  auth: { right: 'products.read' },
  params: idParam,
  body: z.strictObject({ key: z.string().min(1).max(4096), parts: z.array(z.string().max(4096)).max(6).default([]) }),
  response: z.strictObject({ card: cardView.nullable() }),
});

export const revealCard = route({
  method: 'post',
  path: '/api/console/cards/:id/reveal',
  summary: { zh: '查看卡密（需填写原因，记入审计）', en: 'Show a key; asks why and is audited' },
  auth: { right: 'cards.reveal' },
  params: idParam,
  body: z.strictObject({ reason }),
  response: z.strictObject({
    parts: z.array(z.string()),
    labels: z.array(z.string()).describe('Names of several parts, of a sold key as they were when it was sold'),
  }),
  errors: ['CARD_NOT_FOUND', 'KEY_UNREADABLE'],
});

export const voidCard = route({
  method: 'post',
  path: '/api/console/cards/:id/void',
  summary: { zh: '作废卡密', en: 'Take a bad key out of the pool' },
  auth: { right: 'cards.import' },
  params: idParam,
  body: z.strictObject({ reason }),
  response: z.strictObject({ voided: z.literal(true) }),
  errors: ['CARD_NOT_FOUND', 'CARD_STATE'],
});

export const priceNumber = route({
  method: 'put',
  path: '/api/console/cards/:id/surcharge',
  summary: { zh: '设置自选卡号的加价', en: 'What a number costs besides the price' },
  auth: { right: 'products.edit' },
  params: idParam,
  body: z.strictObject({ surchargeMinor: z.int().min(0).max(1_000_000_000_000) }),
  response: z.strictObject({ surchargeMinor: z.int() }),
  errors: ['CARD_STATE'],
});

export const exportView = z
  .strictObject({
    id: z.int(),
    productId: z.int(),
    mode,
    batchId: z.int().nullable(),
    cardState: state,
    reason: z.string(),
    state: z.enum(['asked', 'approved', 'refused', 'taken', 'expired']),
    askedBy: z.string(),
    decidedBy: z.string().nullable(),
    createdAt: time,
    cards: z.int().nullable(),
  })
  .meta({ id: 'CardExport' });

export const askExport = route({
  method: 'post',
  path: '/api/console/exports',
  summary: { zh: '申请导出卡密', en: 'Ask for an export of keys' },
  auth: { right: 'cards.export' },
  body: z.strictObject({
    productId: z.int(),
    mode,
    batchId: z.int().nullable().default(null),
    cardState: z.enum(['available', 'sold', 'expired', 'void']),
    reason,
  }),
  status: 201,
  response: exportView,
  errors: ['PRODUCT_NOT_FOUND'],
});

export const listExports = route({
  method: 'get',
  path: '/api/console/exports',
  summary: { zh: '导出申请', en: 'Exports' },
  auth: { right: 'cards.export' },
  response: z.strictObject({ items: z.array(exportView) }),
});

export const decideExport = route({
  method: 'post',
  path: '/api/console/exports/:id/decide',
  summary: { zh: '审批导出申请', en: 'Approve or refuse an export, as a second person' },
  auth: { right: 'cards.export' },
  params: idParam,
  body: z.strictObject({ approve: z.boolean() }),
  response: exportView,
  errors: ['EXPORT_NOT_FOUND', 'EXPORT_STATE', 'EXPORT_SAME_PERSON'],
});

export const startRotation = route({
  method: 'post',
  path: '/api/console/key-rotations',
  summary: { zh: '轮换数据密钥', en: 'Make a new data key and re-encrypt under it' },
  auth: { right: 'settings.edit' },
  body: z.strictObject({ ring: z.enum(rotatedRings) }),
  status: 201,
  response: z.strictObject({ id: z.int() }),
  errors: ['ROTATION_RUNNING', 'MASTER_KEY_CHANGED'],
});

export const listRotations = route({
  method: 'get',
  path: '/api/console/key-rotations',
  summary: { zh: '密钥轮换进度', en: 'Rotations and how far they are' },
  auth: { right: 'settings.edit' },
  response: z.strictObject({
    items: z.array(
      z.strictObject({
        id: z.int(),
        ring: z.string(),
        state: z.enum(['running', 'done']),
        done: z.int().describe('Cells re-encrypted'),
        total: z.int().describe('About; rows of the tables'),
        failure: z.string().nullable().describe('Code of what it stumbled over; tried again each minute'),
        broken: z.int().describe('Cells that do not open: left as they are, and no key retires'),
        tables: z.array(
          z.strictObject({
            table: z.string(),
            state: z.enum(['waiting', 'running', 'done']),
            rows: z.int().describe('Looked at'),
            done: z.int().describe('Cells re-encrypted'),
            broken: z.int(),
          }),
        ),
        startedAt: time,
        endedAt: time.nullable(),
      }),
    ),
    keys: z.array(
      z.strictObject({
        id: z.int(),
        ring: z.string(),
        state: z.enum(['active', 'retired']),
        createdAt: time,
        retiredAt: time.nullable(),
      }),
    ),
    masterKey: z.string().describe('Id of the master key that wraps the data keys'),
  }),
});
