/** The work of staff: queue, actions, delivery by hand. */
import { createHash, randomBytes } from 'node:crypto';
import type { Router } from 'express';
import { productBySku } from '../../db/catalog.ts';
import { deliverManually } from '../../db/manual-orders.ts';
import { actionsOfOrder, missingPieces } from '../../db/order-actions.ts';
import { orderByNo } from '../../db/orders.ts';
import {
  claimTask,
  closeTask,
  countTasks,
  listTasks,
  releaseTask,
  tasksOfOrder,
  type TaskRow,
} from '../../db/tasks.ts';
import { actionRules, actionsFrom } from '../../domain/actions.ts';
import type { ErrorText } from '../../domain/error-entry.ts';
import { errors, isErrorCode, KnownError } from '../../domain/errors.ts';
import { makeOrderNo, orderNoBytes } from '../../domain/ids.ts';
import { clampDeliveryPolicy } from '../../domain/policy.ts';
import { proposalsFor } from '../../domain/proposals.ts';
import { defaultTrigger } from '../../domain/trigger.ts';
import { contactAad } from '../../integrations/keyring/keyring.ts';
import { sha256 } from '../authenticate.ts';
import { consoleWork } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { person, serve, type Authenticate, type Call, type Staff } from '../serve.ts';
import { actOnOrder } from './act.ts';
import { sealTyped } from './typed-cards.ts';

type TaskView = (typeof consoleWork.task)['_output'];

function words(code: string): { zh: ErrorText; en: ErrorText } {
  const { zh, en } = errors[isErrorCode(code) ? code : 'UNEXPECTED'];
  return { zh, en };
}

/** How a task looks to `staff`: only what that person may do is proposed. */
function viewTask(t: TaskRow, staff: Staff): TaskView {
  const { state } = t;
  return {
    id: t.id,
    code: t.code,
    ...words(t.code),
    detail: t.detail,
    proposals: state ? proposalsFor(t.code, state).filter((kind) => staff.rights.has(actionRules[kind].right)) : [],
    refundProposed: t.proposal === 'refund',
    mode: t.mode,
    order:
      t.orderNo === null || state === null
        ? null
        : {
            no: t.orderNo,
            state,
            sku: t.sku ?? '',
            productName: t.productName ?? '',
            quantity: t.quantity ?? 0,
            amountMinor: t.amountMinor ?? 0,
            currency: t.currency ?? '',
            paidAt: t.paidAt?.toISOString() ?? null,
          },
    openedAt: t.openedAt.toISOString(),
    nextAt: t.closedAt ? null : (t.nextAt?.toISOString() ?? null),
    claimedBy: t.claimedBy,
    claimedAt: t.claimedAt?.toISOString() ?? null,
    closedAt: t.closedAt?.toISOString() ?? null,
    closedBy: t.closedBy,
  };
}

export function workRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool } = deps;

  serve(router, authenticate, consoleWork.listTasks, async (call) => {
    const staff = person(call);
    const { state, ...filter } = call.query;
    const rows = await listTasks(pool, { ...filter, open: state === 'open', actorId: staff.actorId });
    const full = rows.length === filter.limit;
    return { tasks: rows.map((row) => viewTask(row, staff)), next: full ? (rows.at(-1)?.id ?? null) : null };
  });

  serve(router, authenticate, consoleWork.countTasks, async (call) => {
    const rows = await countTasks(pool, person(call).actorId, call.query.mode);
    const sum = (of: 'count' | 'mine') => rows.reduce((n, row) => n + row[of], 0);
    return {
      open: sum('count'),
      mine: sum('mine'),
      reasons: rows.map(({ code, count, oldest }) => ({ code, ...words(code), count, oldest: oldest.toISOString() })),
    };
  });

  serve(router, authenticate, consoleWork.claimTask, async (call) => {
    await claimTask(pool, call.params.id, person(call).actorId, call.body.takeOver);
    return { claimed: true as const };
  });
  serve(router, authenticate, consoleWork.releaseTask, async (call) => {
    await releaseTask(pool, call.params.id, person(call).actorId);
    return { claimed: false as const };
  });
  serve(router, authenticate, consoleWork.closeTask, async (call) => {
    await closeTask(pool, call.params.id, person(call).actorId, call.body.note);
    return { closed: true as const };
  });

  serve(router, authenticate, consoleWork.orderWork, async (call) => {
    const staff = person(call);
    const order = await orderByNo(pool, call.params.no);
    if (!order) throw new KnownError('ORDER_NOT_FOUND');
    const [tasks, done, missing] = await Promise.all([
      tasksOfOrder(pool, order.id),
      actionsOfOrder(pool, order.id),
      missingPieces(pool, order.id),
    ]);
    return {
      state: order.state,
      failureCode: order.failureCode,
      missing,
      placeInLine: order.place,
      actions: actionsFrom(order.state).filter((kind) => staff.rights.has(actionRules[kind].right)),
      tasks: tasks.map((row) => viewTask(row, staff)),
      done: done.map((row) => ({ ...row, at: row.at.toISOString() })),
    };
  });

  serve(router, authenticate, consoleWork.act, (call) => actOnOrder(deps, person(call), call.params.no, call.body));
  serve(router, authenticate, consoleWork.deliverManually, (call) => manually(deps, call));
}

async function manually(
  deps: ApiDeps,
  call: Call<typeof consoleWork.deliverManually>,
): Promise<{ orderNo: string; pickupUrl: string }> {
  const { pool, keyring, temporal, environment } = deps;
  const { body } = call;
  const product = await productBySku(pool, body.sku);
  if (!product) throw new KnownError('PRODUCT_NOT_FOUND');
  const now = new Date();
  const no = makeOrderNo(now, randomBytes(orderNoBytes));
  const aad = contactAad(no);
  const token = randomBytes(16).toString('base64url');
  const { order, applied } = await deliverManually(pool, {
    actionId: body.id,
    actorId: person(call).actorId,
    note: body.note,
    cards: body.goods && sealTyped(keyring, product, no, body.goods),
    order: {
      no,
      mode: body.mode,
      idempotencyKey: body.id,
      requestHash: createHash('sha256').update(JSON.stringify({ ...body, goods: undefined })).digest(), // prettier-ignore
      productId: product.id,
      quantity: body.quantity,
      amountMinor: body.amountMinor ?? product.priceMinor * body.quantity,
      currency: product.currency,
      policy: clampDeliveryPolicy(product.policy),
      trigger: defaultTrigger,
      locale: body.locale,
      contact: body.email === undefined ? null : keyring.seal('contact', body.email, aad),
      contactIndex: body.email === undefined ? null : keyring.fingerprint('contact', body.email.trim().toLowerCase()),
      remark: null,
      tokenHash: sha256(token),
      token: keyring.seal('contact', token, aad),
      webhook: false,
      expiresAt: now,
    },
  });
  // What is left is the mail; with Temporal down it goes later.
  if (applied?.outboxId !== undefined) void temporal.apply(order.no, body.id);
  const opened = keyring.open('contact', order.token, contactAad(order.no)).toString('utf8');
  return { orderNo: order.no, pickupUrl: `${environment.PUBLIC_URL}/pickup#${opened}` };
}
