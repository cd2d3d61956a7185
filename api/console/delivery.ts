/** How orders are delivered: settings for all and per product, and the switch. */
import type { Router } from 'express';
import { changeSettings, readSetting, setAutoDelivery } from '../../db/settings.ts';
import type { Queryable } from '../../db/sql.ts';
import { changeProductDelivery, productDelivery, switchState } from '../../db/switch-state.ts';
import { KnownError } from '../../domain/errors.ts';
import { failureAlarmOf } from '../../domain/failure-rate.ts';
import { parseLadder } from '../../domain/ladder.ts';
import { clampDeliveryPolicy } from '../../domain/policy.ts';
import { headMsOf, noticeDaysOf, stockWarningOf } from '../../domain/settings.ts';
import { parseTrigger } from '../../domain/trigger.ts';
import { consoleDelivery } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { person, serve, type Authenticate } from '../serve.ts';

type Settings = (typeof consoleDelivery.readDelivery)['response']['_output'];
type ProductSettings = (typeof consoleDelivery.readProductDelivery)['response']['_output'];

/** Fields of the form and the settings that hold them. */
const keys = {
  policy: 'delivery_policy',
  trigger: 'trigger',
  ladder: 'escalation',
  stockLine: 'stock_line',
  alarm: 'alarm',
  retention: 'retention',
  stockWarning: 'stock_warning',
} as const satisfies Record<keyof Settings, string>;

async function current(db: Queryable): Promise<Settings> {
  const [policy, trigger, ladder, line, alarm, retention, warning] = await Promise.all(Object.values(keys).map((key) => readSetting(db, key))); // prettier-ignore
  return {
    policy: clampDeliveryPolicy(policy),
    trigger: parseTrigger(trigger),
    ladder: parseLadder(ladder),
    stockLine: { headMinutes: headMsOf(line) / 60_000 },
    alarm: failureAlarmOf(alarm),
    retention: { noticeDays: noticeDaysOf(retention) },
    stockWarning: stockWarningOf(warning),
  };
}

async function ofProduct(db: Queryable, sku: string): Promise<ProductSettings> {
  const found = await productDelivery(db, sku);
  if (!found) throw new KnownError('PRODUCT_NOT_FOUND');
  return {
    policy: found.policy as ProductSettings['policy'],
    trigger: found.trigger === null ? null : parseTrigger(found.trigger),
  };
}

export function deliveryRoutes(router: Router, authenticate: Authenticate, { pool }: ApiDeps): void {
  serve(router, authenticate, consoleDelivery.readDelivery, () => current(pool));

  serve(router, authenticate, consoleDelivery.writeDelivery, async (call) => {
    const changes = Object.entries(call.body)
      .filter(([, value]) => value !== undefined)
      .map(([field, value]) => ({ key: keys[field as keyof Settings], value: value as object }));
    await changeSettings(pool, changes, person(call).actorId);
    return current(pool);
  });

  serve(router, authenticate, consoleDelivery.readProductDelivery, ({ params }) => ofProduct(pool, params.sku));

  serve(router, authenticate, consoleDelivery.writeProductDelivery, async (call) => {
    const { sku } = call.params;
    if (!(await changeProductDelivery(pool, sku, call.body, person(call).actorId))) throw new KnownError('PRODUCT_NOT_FOUND'); // prettier-ignore
    return ofProduct(pool, sku);
  });

  serve(router, authenticate, consoleDelivery.readSwitch, async () => {
    const { on, waiting, onSale, total, onTheWire } = await switchState(pool);
    const wire = onTheWire.map((one) => ({ ...one, since: new Date(one.since).toISOString() }));
    return { on, waiting, products: { onSale, total }, onTheWire: wire };
  });

  serve(router, authenticate, consoleDelivery.writeSwitch, async (call) => {
    await setAutoDelivery(pool, call.body.on, person(call).actorId, call.body.resume);
    return { on: call.body.on };
  });
}
