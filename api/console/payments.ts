/** Payments and refunds before people: what came, whose it is, what goes back. */
import { randomBytes } from 'node:crypto';
import type { Router } from 'express';
import { accountById } from '../../db/access.ts';
import { applyAction } from '../../db/actions.ts';
import { foundReceipt, takePaymentIn } from '../../db/intake.ts';
import { orderByNo, type OrderRow } from '../../db/orders.ts';
import { assignPayment, listPayments } from '../../db/payments.ts';
import { lastQuote, spendQuery } from '../../db/payment-queries.ts';
import { listRefunds, refundById, settleRefund, tryRefundAgain, wantRefund, type RefundRow } from '../../db/refunds.ts';
import { recentStatements } from '../../db/statements.ts';
import { KnownError } from '../../domain/errors.ts';
import { makeRefundNo, orderNoBytes } from '../../domain/ids.ts';
import { openAccount } from '../../integrations/payments/account.ts';
import { askProvider, foundPayment } from '../../integrations/payments/ask.ts';
import { QueryUnknown, type QueryAnswer } from '../../integrations/payments/provider.ts';
import { consolePayments } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { person, serve, type Authenticate } from '../serve.ts';

const view = ({ createdAt, doneAt, ...rest }: RefundRow) => ({
  ...rest,
  createdAt: createdAt.toISOString(),
  doneAt: doneAt?.toISOString() ?? null,
});

/** The last row's id if there may be more. */
function pageEnd(rows: readonly { readonly id: number }[], limit: number): number | null {
  return rows.length === limit ? (rows.at(-1)?.id ?? null) : null;
}

interface Said {
  readonly answer: QueryAnswer['status'] | 'unknown' | 'cannot_ask';
  readonly detail: string | null;
}

export function paymentRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, temporal } = deps;

  const known = async (no: string): Promise<OrderRow> => {
    const order = await orderByNo(pool, no);
    if (!order) throw new KnownError('ORDER_NOT_FOUND');
    return order;
  };

  serve(router, authenticate, consolePayments.listPayments, async ({ query }) => {
    const rows = await listPayments(pool, query);
    return {
      payments: rows.map((row) => ({
        ...row,
        disputedAt: row.disputedAt?.toISOString() ?? null,
        receivedAt: row.receivedAt.toISOString(),
      })),
      next: pageEnd(rows, query.limit),
    };
  });

  serve(router, authenticate, consolePayments.assignPayment, async (call) => {
    const { params, body } = call;
    const start = await assignPayment(pool, { ...body, paymentId: params.id, actorId: person(call).actorId });
    if (start) temporal.start(start);
    return { state: (await known(body.orderNo)).state };
  });

  /** Asks, and takes in what it finds; never throws for a provider that does not say. */
  const ask = async (order: OrderRow, must: boolean): Promise<Said> => {
    const stored = order.accountId === null ? undefined : await accountById(pool, order.accountId);
    const provider = stored && deps.providers.get(stored.provider);
    if (!stored || !provider?.canQuery) return { answer: 'cannot_ask', detail: null };
    if (!(await spendQuery(pool, stored.id, must))) return { answer: 'unknown', detail: 'RATE' };
    const account = openAccount(deps.keyring, stored);
    try {
      const placed = { orderNo: order.no, quote: await lastQuote(pool, order.id) };
      const answer = await askProvider(provider, account, placed, deps.outbound);
      const found = foundPayment(answer);
      if (found) {
        const { start } = await takePaymentIn(pool, foundReceipt('query', account, found), {
          mode: account.mode,
          orderNo: order.no,
          ...found,
        });
        if (start) temporal.start(start);
      }
      return { answer: answer.status, detail: null };
    } catch (error) {
      if (!(error instanceof QueryUnknown)) throw error;
      return { answer: 'unknown', detail: error.detail ?? error.code };
    }
  };

  serve(router, authenticate, consolePayments.askProvider, async ({ params }) => {
    const said = await ask(await known(params.no), false);
    return { ...said, state: (await known(params.no)).state };
  });

  serve(router, authenticate, consolePayments.confirmReceipt, async (call) => {
    const { params, body } = call;
    const before = await known(params.no);
    const said = await ask(before, true);
    const now = await known(params.no);
    if (now.paidAt && !before.paidAt) return { ...said, confirmed: 'by_provider' as const, state: now.state };
    if (!body.despite) return { ...said, confirmed: 'no' as const, state: now.state };
    const { requestId: id, note } = body;
    const action = { id, orderNo: params.no, kind: 'confirm_payment' as const, actorId: person(call).actorId, note };
    const applied = await applyAction(pool, action);
    const answered = applied.outboxId === undefined ? undefined : await temporal.apply(params.no, id);
    return { ...said, confirmed: 'by_hand' as const, state: answered ?? applied.state };
  });

  serve(router, authenticate, consolePayments.createRefund, async (call) => {
    const { params, body } = call;
    const row = await wantRefund(pool, {
      ...body,
      no: makeRefundNo(new Date(), randomBytes(orderNoBytes)),
      paymentId: params.id,
      actorId: person(call).actorId,
    });
    return { refund: view(row) };
  });

  serve(router, authenticate, consolePayments.listRefunds, async ({ query }) => {
    const rows = await listRefunds(pool, query);
    return { refunds: rows.map(view), next: pageEnd(rows, query.limit) };
  });

  serve(router, authenticate, consolePayments.settleRefund, async (call) => {
    const { params, body } = call;
    const row = await refundById(pool, params.id);
    if (!row) throw new KnownError('REFUND_NOT_FOUND');
    const { actorId } = person(call);
    if (body.how === 'again') {
      if (!(await tryRefundAgain(pool, row.id, actorId)))
        throw new KnownError('REFUND_STATE_CONFLICT', { state: row.state });
    } else {
      if (row.state !== 'failed' && row.state !== 'abnormal') throw new KnownError('REFUND_STATE_CONFLICT', { state: row.state }); // prettier-ignore
      const state = body.how === 'failed' ? 'failed' : 'done';
      await settleRefund(pool, row.id, state, `BY_HAND: ${body.note}`.slice(0, 200), actorId);
    }
    const after = await refundById(pool, row.id);
    if (!after) throw new KnownError('REFUND_NOT_FOUND');
    return { refund: view(after) };
  });

  serve(router, authenticate, consolePayments.statements, async () => ({
    days: (await recentStatements(pool)).map((d) => ({ ...d, doneAt: d.doneAt?.toISOString() ?? null })),
  }));
}
