/**
 * Summary and details of a workflow as Temporal Web UI shows them: it asks for `render` in a frame, and the dev server has no
 * such page under a public path. Plain text with bold words and paragraphs, no script, no link.
 */
import { randomBytes } from 'node:crypto';
import type { RequestHandler } from 'express';

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function paragraphs(markdown: string): string {
  const bold = (text: string): string => escape(text).replace(/\*\*([^*]+)\*\*/g, '<b>$1</b>');
  return markdown
    .split(/\n{2,}/)
    .map((part) => `<p>${bold(part).replaceAll('\n', '<br>')}</p>`)
    .join('');
}

export const renderPage: RequestHandler = (request, response) => {
  const { content, theme } = request.query;
  const text = typeof content === 'string' ? content.slice(0, 20_000) : '';
  const nonce = randomBytes(16).toString('base64');
  response.set(
    'content-security-policy',
    `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'`,
  );
  response.set('x-content-type-options', 'nosniff');
  const color = theme === 'dark' ? '#f8fafc' : '#121416';
  response
    .type('html')
    .send(
      `<!doctype html><meta charset="utf-8"><title>details</title><style nonce="${nonce}">body{margin:8px;font:14px/1.6 system-ui,sans-serif;color:${color}}p{margin:0 0 8px}</style>${paragraphs(text)}`,
    );
};
