/**
 * The pages: files of the build, compressed there, with names that change with their content. The two HTML files are
 * sent with a nonce for the styles that the console's widgets make while they run; scripts come from files alone.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import express, { type RequestHandler, type Router } from 'express';
import type { ApiDeps } from './deps.ts';

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Compiled code stands in `dist/api/`, sources in `api/`; the built pages in `dist/web/`. */
function webFolder(): string | undefined {
  const candidates = [path.join(import.meta.dirname, '..', 'web'), path.join(import.meta.dirname, '..', 'dist', 'web')];
  return candidates.find((folder) => existsSync(path.join(folder, '.sources')));
}

interface Asset {
  readonly type: string;
  readonly file: string;
  readonly encodings: readonly ('br' | 'gzip')[];
}

function findAssets(folder: string): ReadonlyMap<string, Asset> {
  const names = readdirSync(path.join(folder, 'assets'));
  const assets = new Map<string, Asset>();
  for (const name of names) {
    const type = types[path.extname(name)];
    if (type === undefined) continue;
    const encodings = (['br', 'gzip'] as const).filter((e) => names.includes(`${name}${suffix[e]}`));
    assets.set(name, { type, file: path.join(folder, 'assets', name), encodings });
  }
  return assets;
}
const suffix = { br: '.br', gzip: '.gz' } as const;

/** Strict for a page: nothing inline but styles with this page's nonce, nothing from elsewhere. */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "connect-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

const missing = `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>秒发</title>
<p>网页尚未编译，请执行 npm run build。/ The pages are not built: run npm run build.</p></html>`;

/** The address of the style of the buyers' pages, for pages that need no script; undefined while they are not built. */
export function buyerStyle(): string | undefined {
  const folder = webFolder();
  const html = folder === undefined ? '' : readFileSync(path.join(folder, 'buyer.html'), 'utf8');
  return /href="(\/assets\/buyer-[\w-]+\.css)"/.exec(html)?.[1];
}

export function webRouter({ log }: Pick<ApiDeps, 'log'>): Router {
  const router = express.Router();
  const folder = webFolder();
  if (folder === undefined) log.warn('the pages are not built: npm run build');
  const assets = folder === undefined ? new Map<string, Asset>() : findAssets(folder);

  const page = (file: string): RequestHandler => {
    const html = folder === undefined ? missing : readFileSync(path.join(folder, file), 'utf8');
    return (_request, response) => {
      const nonce = randomBytes(16).toString('base64url');
      response.setHeader('content-security-policy', policy(nonce));
      response.setHeader('cache-control', 'no-store');
      response.setHeader('referrer-policy', 'no-referrer');
      response.setHeader('x-robots-tag', 'noindex');
      response.type('html').send(html.replaceAll('__NONCE__', nonce));
    };
  };

  router.get('/assets/:name', (request, response, next) => {
    const asset = assets.get(request.params.name);
    if (!asset) {
      next();
      return;
    }
    const encoding = request.acceptsEncodings([...asset.encodings, 'identity']);
    const packed = asset.encodings.find((e) => e === encoding);
    response.setHeader('content-type', asset.type);
    response.setHeader('vary', 'accept-encoding');
    response.setHeader('cache-control', /-[\w-]{8}\.\w+$/.test(request.params.name) ? 'public, max-age=31536000, immutable' : 'public, max-age=3600'); // prettier-ignore
    if (packed) response.setHeader('content-encoding', packed);
    response.sendFile(packed ? asset.file + suffix[packed] : asset.file, { cacheControl: false, etag: false });
  });
  router.get(['/console', '/console/*rest'], page('index.html'));
  // Gateways send the buyer back by POST too.
  router.all('/paid', page('buyer.html'));
  router.get(['/pickup', '/query', '/p/:sku'], page('buyer.html'));
  router.get('/', (_request, response) => response.redirect(302, '/console'));
  return router;
}
