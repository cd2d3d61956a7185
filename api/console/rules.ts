/** Exception rules: the list as it stands on the screen, and what it would have done. */
import type { Router } from 'express';
import { allRules, ordersOfBuyer, recentFacts, replaceRules, type StoredRule } from '../../db/rules.ts';
import { readSetting, writeSetting } from '../../db/settings.ts';
import { KnownError } from '../../domain/errors.ts';
import { speaking, windowsOf, type Rule, type RuleCondition } from '../../domain/rules.ts';
import { rulesModeOf, zoneOf } from '../../domain/settings.ts';
import { checkPattern, findPattern, openFacts } from '../../integrations/rule-facts.ts';
import { consoleRules } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { person, serve, type Authenticate, type Call } from '../serve.ts';

/** What the validator leaves of an optional field that was not given. */
function clean(condition: object): RuleCondition {
  return Object.fromEntries(Object.entries(condition).filter(([, value]) => value !== undefined));
}

function checked(
  rules: readonly (Omit<StoredRule, 'id' | 'condition'> & { condition: object })[],
): Omit<StoredRule, 'id'>[] {
  const problems = rules.flatMap(({ condition }, i) => {
    const { remarkMatches, minAmountMinor = 0, maxAmountMinor, hours } = condition as RuleCondition;
    const at = (field: string): string => `rules.${i}.condition.${field}`;
    return [
      ...(remarkMatches !== undefined && !checkPattern(remarkMatches)
        ? [{ field: at('remarkMatches'), zh: '正则表达式不正确', en: 'not a regular expression' }]
        : []),
      ...(maxAmountMinor !== undefined && maxAmountMinor < minAmountMinor
        ? [{ field: at('maxAmountMinor'), zh: '低于最低金额', en: 'below the least amount' }]
        : []),
      ...(hours && hours.from === hours.to
        ? [{ field: at('hours'), zh: '起止时间不能相同', en: 'the two hours must differ' }]
        : []),
    ];
  });
  if (problems.length > 0) throw new KnownError('RULE_INVALID', problems);
  return rules.map((rule) => ({ ...rule, condition: clean(rule.condition) }));
}

export function ruleRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool } = deps;

  serve(router, authenticate, consoleRules.readRules, async () => ({
    which: rulesModeOf(await readSetting(pool, 'exception_rules')),
    rules: (await allRules(pool)).map((rule) => ({ ...rule, condition: rule.condition as (typeof consoleRules.condition)['_input'] })), // prettier-ignore
  }));

  serve(router, authenticate, consoleRules.writeRules, async (call) => {
    const rules = checked(call.body.rules);
    await writeSetting(pool, 'exception_rules', { which: call.body.which });
    await replaceRules(pool, rules, person(call).actorId);
    return { saved: rules.length };
  });

  serve(router, authenticate, consoleRules.tryRules, (call) => dryRun(deps, call));
}

type DryRun = (typeof consoleRules.tryRules)['response']['_output'];

async function dryRun({ pool, keyring }: ApiDeps, { body }: Call<typeof consoleRules.tryRules>): Promise<DryRun> {
  const rules: Rule[] = checked(body.rules)
    .filter((rule) => rule.enabled)
    .map((rule, id) => ({ ...rule, id }));
  const windows = windowsOf(rules);
  const zone = zoneOf(await readSetting(pool, 'time_zone'));
  const counts = new Map(rules.map((rule) => [rule.id, 0]));
  const found: { orderNo: string; rules: string[] }[] = [];
  const past = await recentFacts(pool, body.days, windows.length > 0 ? Math.min(body.limit, 500) : body.limit);
  for (const sealed of past) {
    const orders = new Map<number, number>();
    for (const hours of windows) orders.set(hours, await ordersOfBuyer(pool, sealed, hours));
    const spoke = speaking(rules, openFacts(keyring, sealed, zone, orders), findPattern, body.which);
    for (const rule of spoke) counts.set(rule.id, (counts.get(rule.id) ?? 0) + 1);
    if (spoke.length > 0) found.push({ orderNo: sealed.no, rules: spoke.map((rule) => rule.name) });
  }
  return {
    looked: past.length,
    fitted: found.length,
    byRule: rules.map((rule) => ({ name: rule.name, count: counts.get(rule.id) ?? 0 })),
    orders: found.slice(0, 100),
  };
}
