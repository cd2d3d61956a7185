/**
 * The door to a signed link. Looking is GET and counts nothing, because mail scanners and chat previews look; going
 * through is POST, counted in one statement, audited.
 */
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { passDoor, peekDoor } from '../../db/links.ts';
import { errors, KnownError } from '../../domain/errors.ts';
import { openDoorTarget } from '../../integrations/links.ts';
import { objectAddress, openStore } from '../../integrations/object-stores/account.ts';
import { sha256 } from '../authenticate.ts';
import type { ApiDeps } from '../deps.ts';
import { noStore } from '../http.ts';
import { buyerStyle } from '../web.ts';
import { limiter } from './limit.ts';

/** A page without script, in the style of the buyers' other pages once those are built. */
function pages(): (body: string) => string {
  const style = buyerStyle();
  const head = `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">
<title>下载 · Download</title>${style === undefined ? '' : `<link rel="stylesheet" href="${style}">`}</head><body><main>`;
  return (body) => `${head}${body}</main></body></html>`;
}

const left = (n: number | null): string => (n === null ? '' : `<p>剩余次数 ${n} · ${n} left</p>`);
const ready = (n: number | null): string =>
  `<h1>您的下载已准备好 · Your download is ready</h1>${left(n)}<form method="post"><button>下载 · Download</button></form>`;

export function downloadRouter({ pool, keyring, environment }: ApiDeps): Router {
  const router = express.Router();
  const page = pages();
  // Too few to guess 128 bits, enough for an office behind one address.
  router.use('/d', noStore(), limiter(60));
  // The button's form ends at the address that was bought, and browsers hold its redirects to this policy, too.
  const policy = `default-src 'none'; style-src 'self'; form-action 'self' https:${environment.PUBLIC_URL.startsWith('https:') ? '' : ' http:'}; base-uri 'none'; frame-ancestors 'none'`;

  const hashOf = (request: Request): Buffer => {
    const token = String(request.params['token']);
    if (!/^[\w-]{22}$/.test(token)) throw new KnownError('LINK_UNKNOWN');
    return sha256(token);
  };
  /** Why the door is closed; throws if it is. */
  const peek = async (hash: Buffer): Promise<number | null> => {
    const door = await peekDoor(pool, hash);
    if (!door?.open) throw new KnownError('LINK_UNKNOWN');
    if (door.expired) throw new KnownError('LINK_EXPIRED');
    if (door.left !== null && door.left <= 0) throw new KnownError('LINK_USED_UP');
    return door.left;
  };

  router.get('/d/:token', async (request, response) => {
    response
      .set('content-security-policy', policy)
      .type('html')
      .send(page(ready(await peek(hashOf(request)))));
  });
  router.post('/d/:token', async (request, response) => {
    const hash = hashOf(request);
    const passed = await passDoor(pool, hash);
    if (!passed) {
      await peek(hash);
      throw new KnownError('LINK_USED_UP');
    }
    const target = openDoorTarget(keyring, passed.orderId, passed.target);
    if (passed.storeId === null || passed.storeConfig === null) response.redirect(303, target);
    else {
      // Signed at this moment, for minutes: the address that the browser is sent to is of no use to others.
      const config = openStore(keyring, passed.storeId, Buffer.from(passed.storeConfig, 'base64'));
      response.redirect(303, objectAddress(config, target, new Date()));
    }
  });
  // A browser gets a page that says what to do, not the JSON of an API.
  router.use('/d', (error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof KnownError) || request.accepts(['json', 'html']) !== 'html') {
      next(error);
      return;
    }
    const { status, zh, en } = errors[error.code];
    response
      .status(status)
      .type('html')
      .send(page(`<h1>${zh.cause} · ${en.cause}</h1><p>${zh.next}</p><p>${en.next}</p>`));
  });
  return router;
}
