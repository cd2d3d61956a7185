/** Channels that tell people (C2, D7), and the in-app messages (站内信). */
import { z } from 'zod';
import { route } from './route.ts';
import { at, configFields, configOf, idParams, maskedConfig, mode, words } from './shapes.ts';

const text = z.strictObject({ cause: z.string(), next: z.string() });
const audience = z.enum(['staff', 'owner']).describe('owner: hears what is for the owner as well');
const given = { name: z.string().trim().min(1).max(60), audience: audience.default('staff'), config: configOf(2048), enabled: z.boolean().default(true) }; // prettier-ignore

export const channelKinds = route({
  method: 'get',
  path: '/api/console/channel-kinds',
  summary: { zh: '通知渠道类型与表单', en: 'Kinds of channels and their forms' },
  auth: { right: 'settings.edit' },
  response: z.strictObject({
    kinds: z.array(
      z.strictObject({
        kind: z.string(),
        name: words,
        fields: configFields,
      }),
    ),
  }),
});

export const listChannels = route({
  method: 'get',
  path: '/api/console/channels',
  summary: { zh: '通知渠道', en: 'Channels' },
  auth: { right: 'settings.edit' },
  response: z.strictObject({
    channels: z.array(
      z.strictObject({
        id: z.int(),
        kind: z.string(),
        name: z.string(),
        audience,
        config: maskedConfig,
        enabled: z.boolean(),
        health: z.strictObject({
          state: z.enum(['well', 'failing', 'unused', 'off']),
          lastOkAt: at.nullable(),
          lastFailedAt: at.nullable(),
          lastFailure: z.string().nullable(),
          failures: z.int().describe('In a row'),
          waiting: z.int(),
        }),
      }),
    ),
  }),
});

export const createChannel = route({
  method: 'post',
  path: '/api/console/channels',
  summary: { zh: '添加通知渠道', en: 'Add a channel' },
  auth: { right: 'settings.edit' },
  body: z.strictObject({ kind: z.string().max(40), ...given }),
  status: 201,
  response: z.strictObject({ id: z.int() }),
  errors: ['CHANNEL_INVALID'],
});

export const updateChannel = route({
  method: 'put',
  path: '/api/console/channels/:id',
  summary: { zh: '修改通知渠道', en: 'Change a channel; masked secrets keep their value' },
  auth: { right: 'settings.edit' },
  params: idParams,
  body: z.strictObject(given),
  response: z.strictObject({ id: z.int() }),
  errors: ['CHANNEL_INVALID', 'CHANNEL_NOT_FOUND'],
});

export const removeChannel = route({
  method: 'delete',
  path: '/api/console/channels/:id',
  summary: { zh: '删除通知渠道', en: 'Remove a channel' },
  auth: { right: 'settings.edit' },
  params: idParams,
  response: z.strictObject({ removed: z.literal(true) }),
  errors: ['CHANNEL_NOT_FOUND'],
});

export const testChannel = route({
  method: 'post',
  path: '/api/console/channels/:id/test',
  summary: { zh: '发送测试消息', en: 'Send a test message now' },
  auth: { right: 'settings.edit' },
  params: idParams,
  response: z.strictObject({ sent: z.literal(true) }),
  errors: ['CHANNEL_NOT_FOUND', 'CHANNEL_FAILED', 'CHANNEL_INVALID'],
});

export const listNotices = route({
  method: 'get',
  path: '/api/console/notices',
  summary: { zh: '站内信', en: 'In-app messages' },
  auth: { right: 'orders.read' },
  query: z.object({
    unread: z.enum(['0', '1']).default('0').transform((v) => v === '1'),
    before: z.coerce.number().int().positive().optional(),
    limit: z.coerce.number().int().min(1).max(100).default(30),
  }), // prettier-ignore
  response: z.strictObject({
    unread: z.int().describe('Counted to 1000'),
    notices: z.array(
      z.strictObject({
        id: z.int(),
        at: at,
        kind: z.enum([
          'incident',
          'digest',
          'reminder',
          'escalation',
          'stock',
          'restocked',
          'expiring',
          'test',
          'over',
        ]),
        code: z.string(),
        zh: text,
        en: text,
        title: words,
        lines: z.strictObject({ zh: z.array(z.string()), en: z.array(z.string()) }),
        orderNo: z.string().nullable(),
        sku: z.string().nullable(),
        productName: z.string().nullable(),
        mode: mode.nullable(),
        read: z.boolean(),
      }),
    ),
    next: z.int().nullable(),
  }),
});

export const readNotices = route({
  method: 'post',
  path: '/api/console/notices/read',
  summary: { zh: '标记站内信为已读', en: 'Mark in-app messages as read' },
  auth: { right: 'orders.read' },
  body: z.strictObject({ ids: z.array(z.int().positive()).max(500).optional().describe('Default: all') }),
  response: z.strictObject({ unread: z.int() }),
});
