/** Payments and refunds before people: what came, whose it is, what goes back. */
import { randomBytes } from 'node:crypto';
import type { Router } from 'express';
import { applyAction } from '../../db/actions.ts';
import { orderByNo, type OrderRow } from '../../db/orders.ts';
import { assignPayment, listPayments } from '../../db/payments.ts';
import { listRefunds, refundById, settleRefund, tryRefundAgain, wantRefund, type RefundRow } from '../../db/refunds.ts';
import { recentStatements } from '../../db/statements.ts';
import { KnownError } from '../../domain/errors.ts';
import { makeRefundNo, orderNoBytes } from '../../domain/ids.ts';
import { consolePayments } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { person, serve, type Authenticate } from '../serve.ts';
import { agrees, askAbout } from './ask-provider.ts';

const view = ({ createdAt, doneAt, ...rest }: RefundRow) => ({
  ...rest,
  createdAt: createdAt.toISOString(),
  doneAt: doneAt?.toISOString() ?? null,
});

/** The last row's id if there may be more. */
function pageEnd(rows: readonly { readonly id: number }[], limit: number): number | null {
  return rows.length === limit ? (rows.at(-1)?.id ?? null) : null;
}

export function paymentRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, temporal } = deps;

  const known = async (no: string): Promise<OrderRow> => {
    const order = await orderByNo(pool, no);
    if (!order) throw new KnownError('ORDER_NOT_FOUND');
    return order;
  };

  serve(router, authenticate, consolePayments.listPayments, async ({ query }) => {
    const date = (text: string | undefined) => (text === undefined ? undefined : new Date(text));
    const rows = await listPayments(pool, { ...query, from: date(query.from), to: date(query.to) });
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

  serve(router, authenticate, consolePayments.askProvider, async ({ params }) => {
    const said = await askAbout(deps, await known(params.no), false);
    return { ...said, state: (await known(params.no)).state };
  });

  serve(router, authenticate, consolePayments.confirmReceipt, async (call) => {
    const { params, body } = call;
    const before = await known(params.no);
    const said = await askAbout(deps, before, true);
    const now = await known(params.no);
    if (now.paidAt && !before.paidAt) return { ...said, confirmed: 'by_provider' as const, state: now.state };
    // An order that is paid and waits for 已确认 needs a person's word; the provider's stands behind it.
    if (!body.despite && !agrees(now, said)) return { ...said, confirmed: 'no' as const, state: now.state };
    const { requestId: id, note, takeOver } = body;
    const action = {
      id,
      orderNo: params.no,
      kind: 'confirm_payment' as const,
      actorId: person(call).actorId,
      note,
      takeOver,
    };
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
