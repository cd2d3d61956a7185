/** What the operator keeps in order: pools after a restore, how long things are kept, the shop's time. */
import { z } from 'zod';
import { zoneIsKnown } from '../../domain/settings.ts';
import { sku } from './goods-shapes.ts';
import { route } from './route.ts';
import { at, mode } from './shapes.ts';

export const listQuarantine = route({
  method: 'get',
  path: '/api/console/quarantine',
  summary: { zh: '恢复备份后被隔离的卡密池', en: 'Pools in quarantine after a restore' },
  auth: { right: 'products.read' },
  response: z.strictObject({
    pools: z.array(
      z.strictObject({
        sku,
        name: z.string(),
        since: at,
        available: z.int().describe('Live keys at stake'),
        waiting: z.int().describe('Paid orders that wait for this'),
      }),
    ),
  }),
});

export const liftPool = route({
  method: 'post',
  path: '/api/console/quarantine/lift',
  summary: { zh: '解除卡密池隔离', en: 'Lift the quarantine of one pool, or of all as they are' },
  auth: { right: 'settings.edit' },
  body: z.strictObject({
    sku: sku.optional().describe('Default: all pools, nothing discarded'),
    mode: mode.default('live'),
    discard: z.int().min(0).max(100_000).default(0).describe('Keys at the head of the pool that were sold after the backup: never sell them'), // prettier-ignore
  }),
  response: z.strictObject({ discarded: z.int() }),
  errors: ['PRODUCT_NOT_FOUND', 'POOL_NOT_QUARANTINED'],
});

const general = z.strictObject({
  timeZone: z.string().max(60).refine(zoneIsKnown, 'no known time zone').describe("The shop's day, IANA name"),
  notificationDays: z.int().min(30).max(3_650).describe('How long raw payment notifications are kept'),
  exportSecondPerson: z.boolean().describe('An export of keys needs a second person'),
});

export const readGeneral = route({
  method: 'get',
  path: '/api/console/general-settings',
  summary: { zh: '通用设置', en: 'Settings of the whole shop' },
  auth: { right: 'settings.edit' },
  response: general,
});

export const writeGeneral = route({
  method: 'put',
  path: '/api/console/general-settings',
  summary: { zh: '修改通用设置', en: 'Change settings of the whole shop; in force at once' },
  auth: { right: 'settings.edit' },
  body: general,
  response: general,
});
