/** `/ops/`: Temporal Web UI and the mail page, which have no login of their own, and the codec server (rule 15). */
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { rateLimit } from 'express-rate-limit';
import { createProxyServer } from 'httpxy';
import proto from '@temporalio/proto';
import { z } from 'zod';
import { KnownError } from '../../domain/errors.ts';
import { opsCookie, type OpsDoor } from '../authenticate.ts';
import type { ApiDeps } from '../deps.ts';
import { noStore, sendError } from '../http.ts';
import { renderPage } from './render.ts';
import { loginPage, loginScript, loginStyle } from './pages.ts';
import { deviceCookie, sessionCookie, type FindPerson } from '../people.ts';

const { Payload } = proto.temporal.api.common.v1;

const limiter = rateLimit({
  windowMs: 60_000,
  limit: 10,
  skipSuccessfulRequests: true,
  handler: (_request, response) => sendError(response, 'TOO_MANY_REQUESTS'),
});
const tokenBody = z.strictObject({ token: z.string().max(512) });
const payloadsBody = z.object({ payloads: z.array(z.record(z.string(), z.unknown())).max(1000) });

/** `findPerson`: people with the right `ops` come in by their session, as the holder of the token does. */
export function opsDoor(deps: ApiDeps, door: OpsDoor, findPerson: FindPerson): Router {
  const { environment, codec, log } = deps;
  const router = express.Router();
  const ours = [opsCookie, sessionCookie(environment.PUBLIC_URL).name, deviceCookie(environment.PUBLIC_URL).name];
  const guard: RequestHandler = async (request, response, next) => {
    const staff = await findPerson(request);
    if (staff?.rights.has('ops')) next();
    else if (staff) sendError(response, 'FORBIDDEN', { needs: 'ops' });
    else if (request.method === 'GET' && request.accepts(['html', 'json']) === 'html') {
      response.redirect(302, `/ops/login#&to=${encodeURIComponent(request.originalUrl)}`);
    } else sendError(response, 'UNAUTHENTICATED');
  };

  router.get(['/ops', '/ops/login'], noStore(), (_request, response) => void response.type('html').send(loginPage));
  router.get('/ops/login.css', (_request, response) => void response.type('css').send(loginStyle));
  router.get('/ops/login.js', (_request, response) => void response.type('js').send(loginScript));
  router.post('/ops/session', limiter, noStore(), express.json({ limit: '1kb' }), (request, response) => {
    const body = tokenBody.safeParse(request.body);
    if (!body.success || !door.tokenIsRight(body.data.token)) throw new KnownError('UNAUTHENTICATED');
    const { value, seconds } = door.newSession();
    const secure = environment.PUBLIC_URL.startsWith('https:');
    response.cookie(opsCookie, value, {
      httpOnly: true,
      sameSite: 'lax',
      secure,
      path: '/ops',
      maxAge: seconds * 1000,
    });
    response.json({ ok: true });
  });

  // The protocol of Temporal's codec server; protobuf JSON carries bytes as base64.
  router.post('/ops/codec/:direction', guard, noStore(), express.json({ limit: '8mb' }), async (request, response) => {
    const { direction } = request.params;
    const body = payloadsBody.safeParse(request.body);
    if (!body.success || (direction !== 'encode' && direction !== 'decode')) throw new KnownError('BAD_REQUEST');
    const payloads = await codec[direction](body.data.payloads.map((payload) => Payload.fromObject(payload)));
    response.json({
      payloads: payloads.map((payload) => Payload.toObject(Payload.fromObject(payload), { bytes: String })),
    });
  });

  const pass = (target: string | undefined): RequestHandler => {
    if (target === undefined) return (_request, response) => sendError(response, 'NOT_FOUND');
    const proxy = createProxyServer({ target, changeOrigin: true, xfwd: false, ws: false });
    return (request: Request, response: Response) => {
      // What is behind has no use for our cookies and tokens.
      delete request.headers.authorization;
      request.headers.cookie = withoutOurs(request.headers.cookie, ours);
      request.url = request.originalUrl;
      proxy.web(request, response).catch((error: unknown) => {
        log.warn({ err: error }, 'a page behind /ops/ does not answer');
        if (!response.headersSent) sendError(response, 'INTERNAL');
      });
    };
  };
  // The Web UI is told its public path; the mail page uses relative links.
  router.get('/ops/temporal/render', guard, noStore(), renderPage);
  router.use('/ops/temporal', guard, pass(environment.TEMPORAL_UI_URL));
  router.use('/ops/mail', guard, stripped('/ops/mail', pass(environment.MAIL_UI_URL)));
  return router;
}

function withoutOurs(header: string | undefined, ours: readonly string[]): string {
  return (header ?? '')
    .split(';')
    .filter((part) => !ours.includes(part.trim().split('=')[0] ?? ''))
    .join(';');
}

function stripped(prefix: string, handler: RequestHandler): RequestHandler {
  return (request, response, next) => {
    if (request.originalUrl === prefix) {
      response.redirect(301, `${prefix}/`);
      return;
    }
    request.originalUrl = request.originalUrl.slice(prefix.length);
    void handler(request, response, next);
  };
}
