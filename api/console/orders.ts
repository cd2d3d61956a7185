/** The order log and the file of one order. */
import type { Router } from 'express';
import { orderTasks, orderTimeline } from '../../db/order-detail.ts';
import { orderFile, orderMessages, orderNotifications, orderPayments } from '../../db/order-file.ts';
import { listOrders, type OrderFilter, type OrderLine } from '../../db/order-list.ts';
import { KnownError } from '../../domain/errors.ts';
import { orderWorkflowId } from '../../domain/ids.ts';
import { contactAad, type Keyring } from '../../integrations/keyring/keyring.ts';
import { consoleOrders } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { person, serve, type Authenticate, type Call } from '../serve.ts';
import { csvCell, maskContact, reasonIn, reasonOf } from './words.ts';

type LineView = (typeof consoleOrders.orderLine)['_output'];
type Query = Call<typeof consoleOrders.listOrders>['query'];

export function viewLine(o: OrderLine): LineView {
  const { failureCode, releasedAt, ...rest } = o;
  return {
    ...rest,
    reason: failureCode === null ? null : reasonOf(failureCode),
    createdAt: o.createdAt.toISOString(),
    paidAt: o.paidAt?.toISOString() ?? null,
    deliveredAt: releasedAt?.toISOString() ?? null,
  };
}

function filterOf(query: Query, keyring: Keyring): OrderFilter {
  const { reason, contact, from, to, state, mode, no, sku, provider, before } = query;
  return {
    ...{ state, mode, no, sku, provider, before },
    failure: reason,
    contactIndex: contact ? keyring.fingerprint('contact', contact.toLowerCase()) : undefined,
    from: from === undefined ? undefined : new Date(from),
    to: to === undefined ? undefined : new Date(to),
  };
}

const exportLimit = 5_000;

export function orderLogRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, keyring, environment } = deps;

  serve(router, authenticate, consoleOrders.listOrders, async ({ query }) => {
    const rows = await listOrders(pool, filterOf(query, keyring), query.limit + 1);
    const orders = rows.slice(0, query.limit).map(viewLine);
    return { orders, next: rows.length > query.limit ? (orders.at(-1)?.id ?? null) : null };
  });

  serve(router, authenticate, consoleOrders.exportOrders, async ({ query }) => {
    const rows = await listOrders(pool, filterOf(query, keyring), exportLimit);
    const head = ['no', 'mode', 'state', 'reason', 'sku', 'product', 'quantity', 'amount_minor', 'currency', 'provider', 'shop', 'created_at', 'paid_at', 'delivered_at', 'took_ms']; // prettier-ignore
    const lines = rows.map(
      (o) =>
      [o.no, o.mode, o.state, o.failureCode, o.sku, o.productName, o.quantity, o.amountMinor, o.currency, o.provider, o.shop,
        o.createdAt.toISOString(), o.paidAt?.toISOString() ?? null, o.releasedAt?.toISOString() ?? null, o.tookMs].map(csvCell).join(','), // prettier-ignore
    );
    // With a mark of its encoding: spreadsheets read Chinese wrong without.
    return { csv: `\uFEFF${[head.join(','), ...lines].join('\r\n')}\r\n`, rows: rows.length };
  });

  serve(router, authenticate, consoleOrders.orderFile, async (call) => {
    const file = await orderFile(pool, call.params.no);
    if (!file) throw new KnownError('ORDER_NOT_FOUND');
    const { rights } = person(call);
    const [timeline, tasks, payments, notifications, messages] = await Promise.all([
      orderTimeline(pool, file.id),
      orderTasks(pool, file.id),
      rights.has('payments.read') ? orderPayments(pool, file.id) : [],
      rights.has('payments.read') ? orderNotifications(pool, file.no) : [],
      orderMessages(pool, file.id),
    ]);
    const open = (sealed: Buffer): string => keyring.open('contact', sealed, contactAad(file.no)).toString('utf8');
    const { failureCode, releasedAt, ...rest } = file;
    const started = file.paidAt;
    return {
      order: {
        ...rest,
        reason: failureCode === null ? null : reasonOf(failureCode),
        contact: file.contact && maskContact(open(file.contact)),
        remark: file.remark && open(file.remark),
        createdAt: file.createdAt.toISOString(),
        expiresAt: file.expiresAt.toISOString(),
        paidAt: file.paidAt?.toISOString() ?? null,
        confirmedAt: file.confirmedAt?.toISOString() ?? null,
        deliveredAt: releasedAt?.toISOString() ?? null,
        doneAt: file.doneAt?.toISOString() ?? null,
        tookMs: releasedAt && started ? releasedAt.getTime() - started.getTime() : null,
      },
      timeline: timeline.map((row) => ({ ...row, reason: reasonIn(row.detail), at: row.at.toISOString() })),
      tasks: tasks.map((row) => ({
        reason: reasonOf(row.code),
        openedAt: row.openedAt.toISOString(),
        closedAt: row.closedAt?.toISOString() ?? null,
      })),
      payments: payments.map((row) => ({ ...row, receivedAt: row.receivedAt.toISOString() })),
      notifications: notifications.map((row) => ({ ...row, receivedAt: row.receivedAt.toISOString() })),
      messages: messages.map(({ failureCode: code, ...row }) => ({
        ...row,
        reason: code === null ? null : reasonOf(code),
        createdAt: row.createdAt.toISOString(),
        sentAt: row.sentAt?.toISOString() ?? null,
      })),
      workflowUrl: rights.has('ops')
        ? `/ops/temporal/namespaces/${environment.TEMPORAL_NAMESPACE}/workflows/${orderWorkflowId(file.no)}`
        : null,
    };
  });
}
