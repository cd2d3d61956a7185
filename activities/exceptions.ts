/** Exception rules (C5), asked once per order, before anything is allocated; the story learns only the verdict. */
import { openCase } from '../db/cases.ts';
import { markRuled, waitFor, type PaidOrder } from '../db/delivery.ts';
import { actors } from '../db/locks.ts';
import { newCaseNo } from '../db/payment-cases.ts';
import { activeRules, ordersOfBuyer, ruleFacts } from '../db/rules.ts';
import { readSetting } from '../db/settings.ts';
import type { Transaction } from '../db/sql.ts';
import { deadlines } from '../domain/policy.ts';
import { speaking, windowsOf } from '../domain/rules.ts';
import { rulesModeOf, zoneOf } from '../domain/settings.ts';
import { findPattern, openFacts } from '../integrations/rule-facts.ts';
import type { ActivityDeps } from './deps.ts';
import type { Outcome } from './outcome.ts';

/** An outcome if a rule sends the order to people, with a case where the rule wants one. Whatever they say, a retry by staff passes afterwards. */
export async function exception(deps: ActivityDeps, tx: Transaction, order: PaidOrder): Promise<Outcome | undefined> {
  const [rules, sealed] = [await activeRules(tx), await ruleFacts(tx, order.id)];
  if (!sealed) return undefined;
  const orders = new Map<number, number>();
  for (const hours of windowsOf(rules)) orders.set(hours, await ordersOfBuyer(tx, sealed, hours));
  const zone = zoneOf(await readSetting(tx, 'time_zone'));
  const which = rulesModeOf(await readSetting(tx, 'exception_rules'));
  const spoke = speaking(rules, openFacts(deps.keyring, sealed, zone, orders), findPattern, which);
  await markRuled(tx, order.id);
  if (spoke.length === 0) return undefined;
  for (const kind of new Set(spoke.flatMap((rule) => rule.caseKind ?? []))) {
    const opened = { kind, source: 'rule' as const, orderId: order.id, code: 'EXCEPTION_RULE' as const };
    await openCase(tx, { ...opened, no: newCaseNo(), mode: order.mode, actorId: actors.automation });
  }
  await waitFor(tx, order, 'attention', 'EXCEPTION_RULE', { rules: spoke.map((rule) => rule.name) });
  return { next: 'wait', state: 'attention', code: 'EXCEPTION_RULE', forMs: deadlines.look };
}
