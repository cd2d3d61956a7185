/** 正式上线 (E2): a guided check, its conditions read from the data. */
import { z } from 'zod';
import { route } from './route.ts';
import { at } from './shapes.ts';

export const liveConditions = [
  'address', // PUBLIC_URL is https and public
  'second_factor',
  'payment', // an enabled live account
  'callback', // a live notification has come in
  'product',
  'cards', // or products that need none
  'channels', // one that has sent
  'test_order',
  'switch', // 全局自动发货
  'quarantine',
] as const;

const view = z.strictObject({
  liveAt: at
    .nullable()
    .describe('When a person went live, or the first live order was paid; until then live orders are refused'),
  conditions: z.array(
    z.strictObject({
      id: z.enum(liveConditions),
      state: z.enum(['ok', 'warning', 'blocking']).describe('warning: one may go live without'),
    }),
  ),
  ready: z.boolean().describe('Nothing blocks'),
});

export const readLive = route({
  method: 'get',
  path: '/api/console/go-live',
  summary: { zh: '上线检查', en: 'What stands between the shop and its first sale' },
  auth: 'staff',
  response: view,
});

export const goLive = route({
  method: 'post',
  path: '/api/console/go-live',
  summary: { zh: '正式上线', en: 'Go live: from now on live orders are taken' },
  auth: { right: 'settings.edit' },
  response: view,
  errors: ['NOT_READY_FOR_LIVE'],
});
