/**
 * Sends refunds and follows them until they are final. What is not known is asked about before anything is sent again;
 * where a provider has no idempotency and no answer, a person looks.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { KnownError } from '../../domain/errors.ts';
import { makeRefundNo, orderNoBytes } from '../../domain/ids.ts';
import type { ActivityDeps } from '../../activities/deps.ts';
import { accountById } from '../../db/access.ts';
import { unreturnedChecks } from '../../db/callback-checks.ts';
import { actors } from '../../db/locks.ts';
import { quotesOf } from '../../db/payment-facts.ts';
import { askRefundSoon, dueRefunds, settleRefund, wantRefund, type RefundDue } from '../../db/refunds.ts';
import { openAccount } from '../../integrations/payments/account.ts';
import { QueryUnknown, type RefundAnswer, type RefundDesk } from '../../integrations/payments/provider.ts';

type RefundDeps = Pick<ActivityDeps, 'pool' | 'keyring' | 'providers' | 'outbound' | 'log'>;

/** A refund that is still under way after so long is a person's. */
const patienceSeconds = 3 * 86_400;
const firstLookMs = 5_000;

/** True if there may be more. */
export async function sendRefunds(deps: RefundDeps, batch = 20): Promise<boolean> {
  await returnCheckMoney(deps);
  const due = await dueRefunds(deps.pool, batch);
  await Promise.all(
    due.map((refund) =>
      follow(deps, refund).catch((error: unknown) => {
        deps.log.warn({ refund: refund.no, err: error }, 'refund not settled; asked again later');
      }),
    ),
  );
  return due.length === batch;
}

/** The small payment of a callback check goes back by itself. */
async function returnCheckMoney({ pool }: RefundDeps): Promise<void> {
  for (const { paymentId, actorId } of await unreturnedChecks(pool)) {
    const no = makeRefundNo(new Date(), randomBytes(orderNoBytes));
    await wantRefund(pool, { requestId: randomUUID(), no, paymentId, reason: '支付回调检测', actorId }).catch(
      (error: unknown) => {
        // Another process was faster.
        if (!(error instanceof KnownError)) throw error;
      },
    );
  }
}

async function follow(deps: RefundDeps, due: RefundDue): Promise<void> {
  const settle = (state: 'done' | 'failed' | 'abnormal', code: string | null): Promise<void> =>
    settleRefund(deps.pool, due.id, state, code, actors.automation);
  const stored = await accountById(deps.pool, due.accountId);
  const desk = stored && deps.providers.get(stored.provider)?.refunds;
  if (!stored || !desk) {
    await settle('abnormal', 'BY_HAND');
    return;
  }
  if (!desk.partial && due.amountMinor < due.totalMinor) {
    await settle('abnormal', 'PARTIAL_BY_HAND');
    return;
  }
  const answer = await talk(deps, desk, openAccount(deps.keyring, stored), due);
  if (answer.status === 'done' || answer.status === 'failed' || answer.status === 'abnormal') {
    await settle(answer.status, answer.detail ?? null);
  } else if (due.ageSeconds > patienceSeconds) await settle('abnormal', 'STILL_PENDING');
  else if (due.first) await askRefundSoon(deps.pool, due.id, firstLookMs);
}

type Account = ReturnType<typeof openAccount>;

async function talk(deps: RefundDeps, desk: RefundDesk, account: Account, due: RefundDue): Promise<RefundAnswer> {
  const [quote] = await quotesOf(deps.pool, due.orderNo);
  const refund = {
    orderNo: due.orderNo,
    tradeNo: due.tradeNo,
    refundNo: due.no,
    amountMinor: due.amountMinor,
    totalMinor: due.totalMinor,
    currency: due.currency,
    ...(quote && { quote }),
  };
  if (!due.first) {
    const known: RefundAnswer = (await desk.ask?.(account, refund, deps.outbound)) ?? { status: 'none' };
    if (known.status !== 'none') return known;
    // Sent once, with an unknown end, and the provider cannot say: sending again might pay twice.
    if (!desk.idempotent) return { status: 'abnormal', detail: 'UNKNOWN_OUTCOME' };
  }
  try {
    return await desk.send(account, refund, deps.outbound);
  } catch (error) {
    if (error instanceof QueryUnknown && due.first) return { status: 'pending' };
    throw error;
  }
}
