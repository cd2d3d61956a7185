/**
 * The door to a signed link. Looking is GET and counts nothing, because mail scanners and chat previews look; going
 * through is POST, counted in one statement, audited.
 */
import express, { type Request, type Router } from 'express';
import { rateLimit } from 'express-rate-limit';
import { passDoor, peekDoor } from '../../db/links.ts';
import { KnownError } from '../../domain/errors.ts';
import { openDoorTarget } from '../../integrations/links.ts';
import { sha256 } from '../authenticate.ts';
import type { ApiDeps } from '../deps.ts';
import { noStore, sendError } from '../http.ts';

/** Per address and minute: too few to guess 128 bits, enough for an office behind one address. */
const limiter = rateLimit({
  windowMs: 60_000,
  limit: 60,
  standardHeaders: 'draft-8',
  legacyHeaders: false,
  handler: (_request, response) => sendError(response, 'TOO_MANY_REQUESTS'),
});

const page = (body: string): string => `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">
<title>下载 · Download</title><link rel="stylesheet" href="/pickup/app.css"></head><body><main>${body}</main></body></html>`;

const left = (n: number | null): string => (n === null ? '' : `<p>剩余次数 ${n} · ${n} left</p>`);
const ready = (n: number | null): string =>
  page(
    `<h1>您的下载已准备好 · Your download is ready</h1>${left(n)}<form method="post"><button>下载 · Download</button></form>`,
  );

export function downloadRouter({ pool, keyring }: ApiDeps): Router {
  const router = express.Router();
  router.use('/d', noStore(), limiter);

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
    response.type('html').send(ready(await peek(hashOf(request))));
  });
  router.post('/d/:token', async (request, response) => {
    const hash = hashOf(request);
    const passed = await passDoor(pool, hash);
    if (!passed) {
      await peek(hash);
      throw new KnownError('LINK_USED_UP');
    }
    response.redirect(303, openDoorTarget(keyring, passed.orderId, passed.target));
  });
  return router;
}
