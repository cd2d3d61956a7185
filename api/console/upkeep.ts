/** Pools in quarantine, and settings of the whole shop. */
import type { Router } from 'express';
import { setQuarantine } from '../../db/catalog.ts';
import { retentionDays, retentionKey } from '../../db/notifications.ts';
import { liftQuarantine, quarantinedPools } from '../../db/quarantine.ts';
import { changeSettings, readSetting } from '../../db/settings.ts';
import type { Queryable } from '../../db/sql.ts';
import { KnownError } from '../../domain/errors.ts';
import { zoneOf } from '../../domain/settings.ts';
import { consoleUpkeep } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { person, serve, type Authenticate } from '../serve.ts';

type General = (typeof consoleUpkeep.readGeneral)['response']['_output'];

/** The shop's time zone; "today" on every screen is the shop's. */
export async function shopZone(db: Queryable): Promise<string> {
  return zoneOf(await readSetting(db, 'time_zone'));
}

async function general(db: Queryable): Promise<General> {
  const [timeZone, days, exporting] = await Promise.all([
    shopZone(db),
    readSetting(db, retentionKey),
    readSetting(db, 'card_export'),
  ]);
  const exportSecondPerson = (exporting as { secondPerson?: boolean } | undefined)?.secondPerson === true;
  return { timeZone, notificationDays: retentionDays(days), exportSecondPerson };
}

export function upkeepRoutes(router: Router, authenticate: Authenticate, { pool }: ApiDeps): void {
  serve(router, authenticate, consoleUpkeep.listQuarantine, async () => ({
    pools: (await quarantinedPools(pool)).map((p) => ({ ...p, since: p.since.toISOString() })),
  }));

  serve(router, authenticate, consoleUpkeep.liftPool, async (call) => {
    const { actorId } = person(call);
    const { sku, mode, discard } = call.body;
    if (sku === undefined) {
      await setQuarantine(pool, false, actorId);
      return { discarded: 0 };
    }
    const held = await quarantinedPools(pool, sku);
    if (held.length === 0) throw new KnownError('POOL_NOT_QUARANTINED');
    return { discarded: await liftQuarantine(pool, { sku, mode, discard, actorId }) };
  });

  serve(router, authenticate, consoleUpkeep.readGeneral, () => general(pool));

  serve(router, authenticate, consoleUpkeep.writeGeneral, async (call) => {
    const { timeZone, notificationDays, exportSecondPerson } = call.body;
    const changes = [
      { key: 'time_zone', value: timeZone },
      { key: retentionKey, value: notificationDays },
      { key: 'card_export', value: { secondPerson: exportSecondPerson } },
    ];
    await changeSettings(pool, changes, person(call).actorId);
    return general(pool);
  });
}
