/** Exception rules (C5), and what they look at. */
import type { Mode } from '../domain/order.ts';
import type { Rule, RuleCaseKind } from '../domain/rules.ts';
import { statement, transaction, type Pool, type Queryable } from './sql.ts';

export interface StoredRule extends Rule {
  readonly enabled: boolean;
}

const active = statement<Rule, []>(
  'rules_active',
  'select id, name, condition, case_kind as "caseKind" from exception_rules where enabled order by position, id',
);
/** Those that are in force, in their order. */
export function activeRules(db: Queryable): Promise<Rule[]> {
  return active(db, []);
}

const all = statement<StoredRule, []>(
  'rules_all',
  'select id, name, condition, case_kind as "caseKind", enabled from exception_rules order by position, id limit 500',
);
export function allRules(db: Queryable): Promise<StoredRule[]> {
  return all(db, []);
}

const clear = statement<object, []>('rules_clear', 'delete from exception_rules');
const insert = statement<object, [number, string, boolean, string, RuleCaseKind | null]>(
  'rules_insert',
  'insert into exception_rules (position, name, enabled, condition, case_kind) values ($1, $2, $3, $4::jsonb, $5)',
);
const noted = statement<object, [number, string]>(
  'rules_audit',
  `insert into audit (actor_id, action, detail) values ($1, 'rules_changed', $2::jsonb)`,
);

/** The whole list at once, in its order: what a person sees on the screen is what is in force. */
export async function replaceRules(
  pool: Pool,
  rules: readonly Omit<StoredRule, 'id'>[],
  actorId: number,
): Promise<void> {
  await transaction(pool, async (tx) => {
    await tx.query('lock table exception_rules in share row exclusive mode');
    await clear(tx, []);
    for (const [i, rule] of rules.entries()) {
      await insert(tx, [i, rule.name, rule.enabled, JSON.stringify(rule.condition), rule.caseKind]);
    }
    await noted(tx, [actorId, JSON.stringify({ rules })]);
  });
}

export interface SealedFacts {
  readonly id: number;
  readonly no: string;
  readonly mode: Mode;
  readonly remark: Buffer | null;
  readonly contact: Buffer | null;
  readonly contactIndex: Buffer | null;
  readonly amountMinor: number;
  readonly quantity: number;
  readonly sku: string;
  readonly paidAt: Date;
}
const factColumns = `o.id, o.no, o.mode, o.remark, o.contact, o.contact_index as "contactIndex", o.amount_minor as "amountMinor",
  o.quantity, p.sku, coalesce(o.paid_at, o.created_at) as "paidAt"`;
const facts = statement<SealedFacts, [number]>(
  'rule_facts',
  `select ${factColumns} from orders o join products p on p.id = o.product_id where o.id = $1`,
);
export async function ruleFacts(db: Queryable, orderId: number): Promise<SealedFacts | undefined> {
  return (await facts(db, [orderId]))[0];
}

const recent = statement<SealedFacts, [number, number]>(
  'rule_facts_recent',
  `select ${factColumns} from orders o join products p on p.id = o.product_id
   where o.paid_at is not null and o.created_at > now() - $1 * interval '1 day' order by o.id desc limit $2`,
);
/** Paid orders of the last days, newest first, for a dry run. */
export function recentFacts(db: Queryable, days: number, limit: number): Promise<SealedFacts[]> {
  return recent(db, [days, limit]);
}

const history = statement<{ n: number }, [Buffer, Mode, Date, number]>(
  'rule_history',
  `select count(*)::int as n from orders where contact_index = $1 and mode = $2 and paid_at is not null
     and created_at <= $3::timestamptz + interval '1 day' and paid_at <= $3 and paid_at > $3::timestamptz - $4 * interval '1 hour'`,
);
/** Paid orders of the same buyer in the hours up to a moment, the order of that moment included. */
export async function ordersOfBuyer(db: Queryable, f: SealedFacts, hours: number): Promise<number> {
  if (!f.contactIndex) return 1;
  return (await history(db, [f.contactIndex, f.mode, f.paidAt, hours]))[0]?.n ?? 0;
}
