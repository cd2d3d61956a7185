/** What every request goes through: its id, its errors in two languages, the door against plain http. */
import { randomUUID } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { isInfrastructure, isUnstorableText } from '../db/sql.ts';
import { KeyringError } from '../integrations/keyring/kek.ts';
import { errors, KnownError, type ErrorCode } from '../domain/errors.ts';

/** The id that answers and log lines share. */
export function requestIds(): RequestHandler {
  return (_request, response, next) => {
    const id = randomUUID();
    response.locals['requestId'] = id;
    response.setHeader('x-request-id', id);
    next();
  };
}

/** Sends an error of the catalogue. */
export function sendError(response: Response, code: ErrorCode, detail?: unknown): void {
  const { status, zh, en } = errors[code];
  response.status(status).json({
    error: { code, zh, en, ...(detail !== undefined && { detail }), requestId: response.locals['requestId'] as string },
  });
}

function codeFor(error: unknown): { code: ErrorCode; detail?: unknown } {
  if (error instanceof KnownError) return { code: error.code, detail: error.detail };
  if (isInfrastructure(error)) return { code: 'DATABASE_DOWN' };
  if (error instanceof KeyringError) return { code: 'KEY_UNREADABLE' };
  if (isUnstorableText(error)) return { code: 'BAD_REQUEST' };
  const type = typeof error === 'object' && error !== null ? (error as { type?: unknown }).type : undefined;
  // Of Express' body parsers.
  if (type === 'entity.too.large') return { code: 'BODY_TOO_LARGE' };
  if (typeof type === 'string' && /^(entity|encoding|charset|request)\./.test(type)) return { code: 'BAD_REQUEST' };
  if (error instanceof URIError) return { code: 'BAD_REQUEST' };
  return { code: 'INTERNAL' };
}

export function errorHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const { code, detail } = codeFor(error);
    if (errors[code].status >= 500) {
      const requestId = response.locals['requestId'] as string;
      // The route's pattern, not the URL: URLs may hold what must not be logged.
      log.error({ requestId, route: `${request.method} ${request.baseUrl}`, err: error }, code);
    }
    sendError(response, code, detail);
  };
}

/** Plain http works on the machine itself; elsewhere only if the operator said so (rule 15). */
export function refuseInsecure(allowed: boolean): RequestHandler {
  return (request, response, next) => {
    if (allowed || request.secure || isLoopback(request.ip)) next();
    else if (request.method === 'GET' && request.accepts(['json', 'html']) === 'html') {
      response.status(errors.INSECURE_HTTP.status).type('html').send(insecurePage);
    } else sendError(response, 'INSECURE_HTTP');
  };
}

/** What a person reads who opens the console by http on a bare address, instead of a login that fails in silence. */
const insecurePage = `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>需要 https · https needed</title></head><body><main><h1>请改用 https 打开</h1>
<p>您正在通过未加密的 http 访问。为了保护密码和卡密，这里不能登录。任选一种方法：</p>
<ol><li>在服务器前放置带证书的反向代理（仓库中的 deploy/Caddyfile 可自动申请证书），并设置 <code>PUBLIC_URL=https://您的域名</code> 和 <code>TRUST_PROXY=1</code>；</li>
<li>通过 SSH 隧道访问：<code>ssh -L 3000:127.0.0.1:3000 用户@服务器</code>，然后打开 <code>http://localhost:3000/console</code>；</li>
<li>仅在可信内网：设置 <code>ALLOW_INSECURE_HTTP=1</code> 后重启。</li></ol>
<h1>Open this by https</h1><p>Plain http on a public address cannot protect a password, so there is no sign-in here. Do one of these:</p>
<ol><li>put a reverse proxy with a certificate in front (deploy/Caddyfile gets one by itself), set <code>PUBLIC_URL=https://your.domain</code> and <code>TRUST_PROXY=1</code>;</li>
<li>use a tunnel: <code>ssh -L 3000:127.0.0.1:3000 user@server</code>, then open <code>http://localhost:3000/console</code>;</li>
<li>on a trusted network only: set <code>ALLOW_INSECURE_HTTP=1</code> and start again.</li></ol></main></body></html>`;

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(127\.|::1$|::ffff:127\.)/.test(address);
}

/** Sends a piece of a long answer; false if the receiver has gone, who will never be ready for more. */
export function sendPiece(response: Writable, text: string): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  if (response.write(text)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const end = (there: boolean) => () => {
      response.off('drain', ready).off('close', gone);
      resolve(there);
    };
    const [ready, gone] = [end(true), end(false)];
    response.once('drain', ready).once('close', gone);
  });
}

/** For pages and answers that hold, or lead to, goods. */
export function noStore(): RequestHandler {
  return (_request, response, next) => {
    response.setHeader('cache-control', 'no-store');
    response.setHeader('referrer-policy', 'no-referrer');
    response.setHeader('x-robots-tag', 'noindex');
    next();
  };
}
