/**
 * 支付回调检测 (A6): does a notification reach this system? What can be walked alone is walked; the light is green only
 * after a real payment came by notification.
 */
import { randomBytes } from 'node:crypto';
import type { Router } from 'express';
import { accountById, type StoredAccount } from '../../db/access.ts';
import { checkToAsk, insertCheck, latestCheck } from '../../db/callback-checks.ts';
import { foundReceipt, takePaymentIn } from '../../db/intake.ts';
import { lastPaidNotification } from '../../db/notifications.ts';
import { KnownError } from '../../domain/errors.ts';
import { makeOrderNo, orderNoBytes } from '../../domain/ids.ts';
import { openAccount } from '../../integrations/payments/account.ts';
import { askProvider, foundPayment } from '../../integrations/payments/ask.ts';
import { GatewayRefused, QueryUnknown, type PaymentProvider } from '../../integrations/payments/provider.ts';
import { checkAddress, checkClock, checkDns, checkRoute, checkTls, step, type Step } from '../../integrations/payments/self-test.ts'; // prettier-ignore
import { consoleAccounts } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { probeAnswer, probePath } from '../notify/probe.ts';
import { returnUrl } from '../notify/return.ts';
import { person, serve, type Authenticate } from '../serve.ts';
import { checkSignature } from './self-notification.ts';
import { checkPayable } from '../shop/pay-request.ts';

const checkMinutes = 30;
type StepId = (typeof consoleAccounts.checkCallback)['response']['_output']['steps'][number]['id'];

export function callbackCheckRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, keyring, providers, outbound, environment } = deps;

  const known = async (id: number): Promise<{ stored: StoredAccount; provider: PaymentProvider }> => {
    const stored = await accountById(pool, id);
    const provider = stored && providers.get(stored.provider);
    if (!stored || !provider) throw new KnownError('ACCOUNT_NOT_FOUND');
    return { stored, provider };
  };

  serve(router, authenticate, consoleAccounts.checkCallback, async ({ params }) => {
    const { stored, provider } = await known(params.id);
    const account = openAccount(keyring, stored);
    const url = new URL(environment.PUBLIC_URL);
    const nonce = randomBytes(16).toString('hex');
    const probe = `${environment.PUBLIC_URL}${probePath}/${nonce}`;
    const gateway = provider.configFields.find((f) => f.key === 'gateway');
    const server = account.config['gateway'] || gateway?.fallback;
    const notifyUrl = `${environment.PUBLIC_URL}/notify/${provider.id}/${stored.id}`;
    const [names, certificate, route, signature, clock] = await Promise.all([
      checkDns(url),
      checkTls(url),
      checkRoute(outbound, probe, probeAnswer(keyring, nonce)),
      checkSignature(provider, account, notifyUrl, outbound),
      server
        ? checkClock(outbound, server)
        : step('clock', 'skipped', '没有可核对的服务器', 'No server to compare with'),
    ]);
    const paidAt = await lastPaidNotification(pool, stored.id);
    const steps: Step<StepId>[] = [checkAddress(url), names, certificate, route, signature, clock, real(paidAt)]; // prettier-ignore
    const failed = steps.some((s) => s.result === 'failed');
    return { state: failed ? ('failed' as const) : paidAt ? ('ok' as const) : ('self_tested' as const), steps };
  });

  serve(router, authenticate, consoleAccounts.startRealCheck, async (call) => {
    const { params, body } = call;
    const { stored, provider } = await known(params.id);
    checkPayable(provider, body.currency, body.method);
    const orderNo = makeOrderNo(new Date(), randomBytes(orderNoBytes));
    const expiresAt = new Date(Date.now() + checkMinutes * 60_000);
    const base = environment.PUBLIC_URL;
    const payment = {
      orderNo,
      amountMinor: body.amountMinor,
      currency: body.currency,
      notifyUrl: `${base}/notify/${provider.id}/${stored.id}`,
      returnUrl: returnUrl(base, orderNo),
      expiresAt,
      ...(body.method !== undefined && { method: body.method }),
    };
    const made = await provider
      .createPayment(openAccount(keyring, stored), payment, outbound)
      .catch((error: unknown) => {
        if (!(error instanceof QueryUnknown || error instanceof GatewayRefused)) throw error;
        throw new KnownError('PAY_REQUEST_FAILED', { code: error.detail });
      });
    const { amountMinor, currency } = body;
    await insertCheck(pool, { accountId: stored.id, orderNo, amountMinor, currency, kind: made.kind, url: made.url, quote: made.quote ?? {}, actorId: person(call).actorId, expiresAt }); // prettier-ignore
    return { orderNo, payKind: made.kind, payUrl: made.url, expiresAt: expiresAt.toISOString() };
  });

  /** Paid, and nobody told us: the operator must learn that, and the money must go back. */
  const lookForPayment = async (stored: StoredAccount, provider: PaymentProvider): Promise<void> => {
    const due = provider.canQuery ? await checkToAsk(pool, stored.id) : undefined;
    if (!due) return;
    const account = openAccount(keyring, stored);
    const answer = await askProvider(provider, account, due, outbound).catch((error: unknown) => {
      if (!(error instanceof QueryUnknown)) throw error;
    });
    const found = answer && foundPayment(answer);
    if (found)
      await takePaymentIn(pool, foundReceipt('query', account, found), {
        mode: account.mode,
        orderNo: due.orderNo,
        ...found,
      });
  };

  serve(router, authenticate, consoleAccounts.realCheck, async ({ params }) => {
    const { stored, provider } = await known(params.id);
    await lookForPayment(stored, provider);
    const check = await latestCheck(pool, stored.id);
    const state = !check ? 'none' : !check.seenAt ? 'waiting' : check.notified ? 'ok' : 'paid_without_notification';
    return { state, seenAt: check?.seenAt?.toISOString() ?? null, refund: check?.refund ?? 'none' } as const;
  });
}

function real(paidAt: Date | undefined): Step<'real_payment'> {
  if (!paidAt)
    return step('real_payment', 'waiting', '还没有收到过真实付款的回调，请用 0.01 元付款检测', 'No real payment has come by notification yet: pay 0.01 to check'); // prettier-ignore
  const minutes = Math.max(0, Math.floor((Date.now() - paidAt.getTime()) / 60_000));
  const [zh, en] =
    minutes < 60
      ? [`${minutes} 分钟前`, `${minutes} min ago`]
      : minutes < 48 * 60
        ? [`${Math.floor(minutes / 60)} 小时前`, `${Math.floor(minutes / 60)} h ago`]
        : [`${Math.floor(minutes / 1440)} 天前`, `${Math.floor(minutes / 1440)} days ago`];
  return step('real_payment', 'ok', `最近一次真实回调：${zh}`, `Last real notification: ${en}`);
}
