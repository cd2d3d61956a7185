/**
 * The door for payment notifications: raw bytes → the provider's own check → one transaction → acknowledgement. The
 * start of the workflow is begun beside the acknowledgement and never awaited (design, "The way of an order").
 */
import express, { type Request, type Response, type Router } from 'express';
import { noteNotification, type ReceivedNotification } from '../../db/intake.ts';
import type { Acknowledgement, PaymentProvider } from '../../integrations/payments/provider.ts';
import type { ApiDeps } from '../deps.ts';
import { createAccountCache } from './account-cache.ts';
import { createRefusalLog } from './refusal-log.ts';
import { takeIn } from './take-in.ts';

/** Headers that are worth keeping: signatures and the like. Others may hold addresses of proxies and cookies. */
const keptHeaders = /^(content-type|user-agent|wechatpay-.*|stripe-signature|webhook-.*|miaofa-sandbox-signature)$/;
/** A gateway that wants its answer within 2 s hears "try again" rather than nothing at all. */
const databasePatienceMs = 1_800;

function answer(response: Response, ack: Acknowledgement): void {
  // It took too long and "later" was said: what is in by now is found as a duplicate of the next one.
  if (response.headersSent) return;
  // Not response.send: it would add an ETag and a charset of its own, and some gateways compare byte by byte.
  response.writeHead(ack.status, {
    'content-type': ack.contentType,
    'content-length': Buffer.byteLength(ack.body),
    'cache-control': 'no-store',
  });
  response.end(ack.body);
}

function receive(request: Request, provider: string): Omit<ReceivedNotification, 'accountId'> & { receivedAt: Date } {
  const mark = request.originalUrl.indexOf('?');
  return {
    provider,
    source: 'notify',
    method: request.method,
    headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => keptHeaders.test(name))),
    query: mark < 0 ? '' : request.originalUrl.slice(mark + 1),
    body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    receivedAt: new Date(),
  };
}

export function notifyRouter(deps: ApiDeps): Router {
  const { pool, log, metrics, providers } = deps;
  const accounts = createAccountCache(deps);
  const refusals = createRefusalLog();
  const router = express.Router();

  const handle = async (request: Request, response: Response, provider: PaymentProvider): Promise<void> => {
    const end = metrics.acknowledge.startTimer();
    const received = receive(request, provider.id);
    const count = (verdict: string, decision: string): void =>
      metrics.notifications.inc({ provider: provider.id, verdict, decision });
    const id = Number(request.params['account']);
    const account = Number.isSafeInteger(id) && id > 0 ? await accounts.get(id) : undefined;
    if (account?.provider !== provider.id) {
      count('refused', 'no_account');
      answer(response, provider.acknowledge.refused);
      return;
    }

    const verdict = provider.verify(account, received);
    if (!verdict.ok) {
      count('refused', verdict.code);
      // A flood of forgeries must not become a flood of writes: some are kept as evidence, all are counted.
      if (refusals.keep(id)) await noteNotification(pool, { ...received, accountId: id }, verdict.code);
      answer(response, provider.acknowledge.refused);
      return;
    }

    const decision = await takeIn(deps, account, { ...received, accountId: id }, verdict.event);
    count('accepted', decision);
    if (decision === 'mode_mismatch') {
      answer(response, provider.acknowledge.refused);
      return;
    }
    answer(response, provider.acknowledge.accepted);
    end();
  };

  router.all(
    '/notify/:provider/:account',
    express.raw({ type: () => true, limit: '64kb' }),
    async (request: Request, response: Response) => {
      const provider = providers.get(String(request.params['provider']));
      if (!provider) {
        response.status(404).type('text/plain').send('fail');
        return;
      }
      const timer = setTimeout(() => {
        if (!response.headersSent) answer(response, provider.acknowledge.retryLater);
      }, databasePatienceMs);
      try {
        await handle(request, response, provider);
      } catch (error) {
        // Nothing is durable, so nothing is acknowledged: the gateway sends it again.
        metrics.notifications.inc({ provider: provider.id, verdict: 'failed', decision: 'retry' });
        log.error({ provider: provider.id, err: error }, 'notification not taken in; the provider will repeat it');
        if (!response.headersSent) answer(response, provider.acknowledge.retryLater);
      } finally {
        clearTimeout(timer);
      }
    },
  );
  return router;
}
