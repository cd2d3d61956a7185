/** Cases in the console: read, answer, decide. A decision is a row first; the story of the case carries it out. */
import type { Router } from 'express';
import { caseByNo, caseKeys, caseMessages, casePage, casePayment, earlierDecision, lockCase, nameCaseLines, openCase, sayInCase, wantOutcome, type CaseRow } from '../../db/cases.ts'; // prettier-ignore
import { orderByNo } from '../../db/orders.ts';
import { newCaseNo } from '../../db/payment-cases.ts';
import { transaction, type Transaction } from '../../db/sql.ts';
import { caseActions, isClosed, mayDecide, type CaseKind } from '../../domain/cases.ts';
import { KnownError } from '../../domain/errors.ts';
import { openWords, sealWords } from '../../integrations/case-words.ts';
import { consoleCases } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { person, serve, type Authenticate } from '../serve.ts';
import { reasonOf } from './words.ts';

type Whole = (typeof consoleCases.readCase)['response']['_output'];

/** How a case looks, without what is said in it. */
export function viewCase(c: CaseRow): Whole['case'] {
  const { no, mode, kind, source, state, outcome, code, orderNo, openedBy, overdue, closedBy, failure } = c;
  const reasons = { reason: code === null ? null : reasonOf(code), failureReason: failure === null ? null : reasonOf(failure) }; // prettier-ignore
  const said = {
    ...reasons,
    no,
    mode,
    kind,
    source,
    state,
    outcome,
    code,
    orderNo,
    openedBy,
    overdue,
    closedBy,
    failure,
  };
  return { ...said, openedAt: c.openedAt.toISOString(), dueAt: c.dueAt?.toISOString() ?? null, closedAt: c.closedAt?.toISOString() ?? null }; // prettier-ignore
}

/** Opens a case of an order, or adds the words to the open one of that kind. */
export async function beginCase(
  { pool, keyring }: Pick<ApiDeps, 'pool' | 'keyring'>,
  order: { readonly id: number; readonly mode: 'live' | 'test' },
  given: {
    kind: CaseKind;
    source: 'buyer' | 'staff';
    actorId: number;
    text?: string | undefined;
    lines?: readonly number[] | undefined;
  },
): Promise<string> {
  const no = newCaseNo();
  const { kind, source, actorId, text } = given;
  const opened = await openCase(pool, { no, mode: order.mode, kind, source, orderId: order.id, actorId });
  if (given.lines !== undefined) await nameCaseLines(pool, opened.id, given.lines);
  if (text !== undefined) {
    const side = source === 'buyer' ? 'buyer' : 'internal';
    const body = sealWords(keyring, opened.no, text);
    await transaction(pool, (tx) => sayInCase(tx, opened.id, { side, actorId, body }));
  }
  return opened.no;
}

/** What becomes of a decision to refund: the provider does it, only as a whole, or a person in the provider's back office. */
function refundsBy(
  provider: ApiDeps['providers'] extends ReadonlyMap<string, infer P> ? P | undefined : never,
): NonNullable<Whole['payment']>['refunds'] {
  if (!provider?.refunds) return 'by_hand';
  return provider.refunds.partial ? 'by_provider' : 'whole_by_provider';
}

export function caseRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, keyring, providers } = deps;

  const whole = async (no: string): Promise<Whole> => {
    const found = await caseByNo(pool, no);
    if (!found) throw new KnownError('CASE_NOT_FOUND');
    const [said, keys, payment] = await Promise.all([
      caseMessages(pool, found.id, true),
      caseKeys(pool, found.id),
      casePayment(pool, found.id),
    ]);
    return {
      case: viewCase(found),
      keys,
      payment: payment ? { ...payment, refunds: refundsBy(providers.get(payment.provider)) } : null,
      messages: said.map((m) => ({
        side: m.side as Whole['messages'][number]['side'], // a check of the table holds it
        by: m.by,
        text: openWords(keyring, no, m.body),
        at: m.at.toISOString(),
      })),
      decisions: isClosed(found.state) ? [] : caseActions.filter((action) => mayDecide(found.kind, action)),
    };
  };
  const locked = async (tx: Transaction, no: string): Promise<CaseRow> => {
    const found = await lockCase(tx, no);
    if (!found) throw new KnownError('CASE_NOT_FOUND');
    if (isClosed(found.state)) throw new KnownError('CASE_CLOSED', { by: found.closedBy, outcome: found.outcome });
    return found;
  };

  serve(router, authenticate, consoleCases.listCases, async ({ query }) => {
    const rows = await casePage(pool, { ...query, limit: query.limit + 1 });
    return { cases: rows.slice(0, query.limit).map(viewCase), more: rows.length > query.limit };
  });
  serve(router, authenticate, consoleCases.readCase, ({ params }) => whole(params.no));

  serve(router, authenticate, consoleCases.openCase, async (call) => {
    const order = await orderByNo(pool, call.params.no);
    if (!order) throw new KnownError('ORDER_NOT_FOUND');
    return whole(await beginCase(deps, order, { ...call.body, source: 'staff', actorId: person(call).actorId }));
  });

  serve(router, authenticate, consoleCases.sayInCase, async (call) => {
    const { text, internal, ask } = call.body;
    await transaction(pool, async (tx) => {
      const found = await locked(tx, call.params.no);
      const body = sealWords(keyring, found.no, text);
      await sayInCase(tx, found.id, {
        side: internal ? 'internal' : 'staff',
        actorId: person(call).actorId,
        body,
        ask,
      });
    });
    return whole(call.params.no);
  });

  serve(router, authenticate, consoleCases.decideCase, async (call) => {
    const staff = person(call);
    const { id, decision, text, amountMinor, cards } = call.body;
    if (decision === 'refund' && !staff.rights.has('orders.refund')) throw new KnownError('FORBIDDEN');
    await transaction(pool, async (tx) => {
      const found = await lockCase(tx, call.params.no);
      if (!found) throw new KnownError('CASE_NOT_FOUND');
      const before = await earlierDecision(tx, id, found.id);
      if (before) {
        if (before.caseId !== found.id) throw new KnownError('IDEMPOTENCY_CONFLICT');
        if (before.kind === decision) return;
        throw new KnownError('CASE_DECIDED', { by: before.by, decision: before.kind });
      }
      if (isClosed(found.state)) throw new KnownError('CASE_CLOSED', { by: found.closedBy, outcome: found.outcome });
      if (!mayDecide(found.kind, decision)) throw new KnownError('CASE_DECISION_UNFIT', { kind: found.kind });
      if (text !== undefined) {
        await sayInCase(tx, found.id, {
          side: 'staff',
          actorId: staff.actorId,
          body: sealWords(keyring, found.no, text),
        });
      }
      await wantOutcome(tx, {
        id,
        caseId: found.id,
        kind: decision,
        actorId: staff.actorId,
        detail: { amountMinor, cards },
      });
    });
    return whole(call.params.no);
  });
}
