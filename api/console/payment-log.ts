/** 支付回调日志: what came, as it came, and taking it in again. */
import type { Router } from 'express';
import { accountById } from '../../db/access.ts';
import { noteNotification } from '../../db/intake.ts';
import { keptDays, listNotifications, noteReplay, notificationById, setRetention, type NotificationRow, type RawRow } from '../../db/notifications.ts'; // prettier-ignore
import { KnownError } from '../../domain/errors.ts';
import { openAccount } from '../../integrations/payments/account.ts';
import { consolePayments } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { takeIn } from '../notify/take-in.ts';
import { person, serve, type Authenticate } from '../serve.ts';
import { maskHeaders, maskRaw } from './mask-raw.ts';

function view(row: NotificationRow) {
  return {
    id: row.id,
    accountId: row.accountId,
    account: row.account,
    mode: row.mode,
    provider: row.provider,
    source: row.source,
    method: row.method,
    verdict: row.verdict,
    decision: row.decision,
    orderNo: row.orderNo,
    tradeNo: row.tradeNo,
    receivedAt: row.receivedAt.toISOString(),
    replayOf: row.replayOf,
    purgedAt: row.purgedAt?.toISOString() ?? null,
  };
}

export function paymentLogRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, providers } = deps;

  const known = async (id: number): Promise<RawRow> => {
    const row = await notificationById(pool, id);
    if (!row) throw new KnownError('NOTIFICATION_NOT_FOUND');
    return row;
  };

  serve(router, authenticate, consolePayments.listNotifications, async ({ query }) => {
    const rows = await listNotifications(pool, query);
    return { notifications: rows.map(view), next: rows.length === query.limit ? (rows.at(-1)?.id ?? null) : null };
  });

  // Before the one by its id: "retention" is no id.
  serve(router, authenticate, consolePayments.readRetention, async () => ({ days: await keptDays(pool) }));

  serve(router, authenticate, consolePayments.readNotification, async ({ params }) => {
    const row = await known(params.id);
    const acknowledge = row.source === 'notify' ? providers.get(row.provider)?.acknowledge : undefined;
    const taken = row.verdict === 'accepted' && row.decision !== 'mode_mismatch';
    const answered = acknowledge && (taken ? acknowledge.accepted : acknowledge.refused);
    return {
      notification: view(row),
      headers: maskHeaders(row.headers),
      query: maskRaw(row.query),
      body: maskRaw(row.body.toString('utf8')),
      response: answered ? { status: answered.status, body: answered.body } : null,
    };
  });

  // Judged as of the moment it came: a time window that held then holds now. Its own keys must still fit.
  serve(router, authenticate, consolePayments.replayNotification, async (call) => {
    const row = await known(call.params.id);
    if (row.purgedAt || row.source !== 'notify' || row.accountId === null) throw new KnownError('NOTIFICATION_PURGED');
    const stored = await accountById(pool, row.accountId);
    const provider = stored && providers.get(stored.provider);
    if (!stored || !provider) throw new KnownError('ACCOUNT_NOT_FOUND');
    const account = openAccount(deps.keyring, stored);
    const { method, headers, query, body, receivedAt } = row;
    const { actorId } = person(call);
    await noteReplay(pool, row.id, actorId, call.body.note);
    const verdict = provider.verify(account, { method, headers, query, body, receivedAt });
    const received = {
      accountId: account.id,
      provider: provider.id,
      source: 'replay' as const,
      replayOf: { id: row.id, actorId },
      method,
      headers,
      query,
      body,
      receivedAt: new Date(),
    };
    if (!verdict.ok) {
      await noteNotification(pool, received, verdict.code);
      return { verdict: verdict.code, decision: null };
    }
    return { verdict: 'accepted', decision: await takeIn(deps, account, received, verdict.event) };
  });

  serve(router, authenticate, consolePayments.retention, async (call) => {
    await setRetention(pool, call.body.days, person(call).actorId);
    return { days: call.body.days };
  });
}
