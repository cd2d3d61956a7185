/** Reads the facts after a run: rows, opened keys, mails, what runs. */
import { sealAudit, verifyAudit } from '../../../db/audit.ts';
import { orderNoOf } from '../../../domain/ids.ts';
import { cardAad } from '../../../integrations/keyring/keyring.ts';
import { temporalOf } from '../../support/history.ts';
import type { System } from '../../support/system.ts';
import type { Done, Facts, OrderFact } from './facts.ts';

const ms = (column: string): string => `extract(epoch from o.${column})::float8 * 1000`;
const ordersSql = `select o.id, o.no, o.state, o.quantity, o.amount_minor as "amountMinor", o.contact is not null as mail,
  ${ms('paid_at')} as "paidAt", ${ms('released_at')} as "releasedAt", ${ms('done_at')} as "doneAt",
  (select count(*)::int from payments p where p.order_id = o.id and p.standing in ('accepted', 'late')) as accepted,
  (select count(*)::int from payments p where p.order_id = o.id) as payments,
  (select count(*)::int from audit a where a.order_id = o.id and a.action = 'payment') as "paymentAudits",
  (select count(*)::int from audit a where a.order_id = o.id and a.action = 'delivered') as deliveries
  from orders o`;

interface SealedRow {
  id: number;
  state: string;
  orderId: number | null;
  productId: number;
  ciphertext: Buffer;
  fingerprint: Buffer;
}

export async function runningOrders(system: System): Promise<Set<string>> {
  const numbers = new Set<string>();
  const query = `WorkflowType = 'deliverOrder' and ExecutionStatus = 'Running'`;
  for await (const { workflowId } of temporalOf(system).workflow.list({ query })) {
    const no = orderNoOf(workflowId);
    if (no !== undefined) numbers.add(no);
  }
  return numbers;
}

export async function collect(system: System, history: readonly Done[]): Promise<Facts> {
  const { pool, steps } = system.parts;
  const rows = async <T extends object>(sql: string): Promise<T[]> => (await pool.query<T>(sql)).rows;
  while ((await sealAudit(pool)) > 0);
  const cards = await rows<SealedRow>(
    'select id, state, order_id as "orderId", product_id as "productId", ciphertext, fingerprint from cards',
  );
  return {
    history,
    orders: await rows<OrderFact>(ordersSql),
    cards: cards.map(({ id, state, orderId, productId, ciphertext, fingerprint }) => ({
      id,
      state,
      orderId,
      key: steps.keyring.open('card', ciphertext, cardAad(productId, fingerprint)).toString('utf8'),
    })),
    trades: new Set((await rows<{ no: string }>('select trade_no as no from payments')).map(({ no }) => no)),
    actions: await rows<{ id: string; orderNo: string }>(
      'select a.id, o.no as "orderNo" from order_actions a join orders o on o.id = a.order_id',
    ),
    mails: (await system.mail.mails()).map(({ to, messageId, text }) => ({ to, messageId, text })),
    running: await runningOrders(system),
    outbox: (await rows('select from outbox')).length,
    auditChainValid: (await verifyAudit(pool)) === undefined,
  };
}
