/** A real SMTP server that keeps every mail as a file, and a page to read them. For one machine and for tests. */
import { EventEmitter } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { mailList, mailPage } from './mail-pages.ts';

export interface StoredMail {
  readonly id: string;
  readonly messageId: string;
  readonly to: string;
  readonly from: string;
  readonly subject: string;
  readonly date: string;
  readonly text: string;
  readonly html: string;
}

/** How a test makes the server misbehave: an SMTP code to answer, or to take the mail and then cut the line. */
export type MailTrouble = { readonly code: number } | 'cut-after-data' | undefined;

export interface MailSink {
  readonly smtpUrl: string;
  readonly uiUrl: string;
  readonly mails: () => Promise<StoredMail[]>;
  /** The first mail to this address, now or within `timeoutMs`. */
  waitFor(to: string, timeoutMs: number): Promise<StoredMail>;
  trouble: MailTrouble;
  close(): Promise<void>;
}

export async function startMailSink(options: {
  readonly smtpPort: number;
  readonly httpPort: number;
  readonly directory: string;
  /** Mails that are kept, the newest; a tenth more before the oldest go. They hold keys in clear. */
  readonly keep?: number;
}): Promise<MailSink> {
  const { directory, keep = 10_000 } = options;
  mkdirSync(directory, { recursive: true });
  const arrivals = new EventEmitter();
  arrivals.setMaxListeners(0);
  let counter = 0;

  const read = async (id: string): Promise<StoredMail | undefined> => {
    const file = path.join(directory, `${id}.eml`);
    if (!/^[\w-]+$/.test(id) || !existsSync(file)) return undefined;
    const mail = await simpleParser(readFileSync(file));
    const address = (a: typeof mail.to): string =>
      a === undefined
        ? ''
        : [a]
            .flat()
            .map((x) => x.text)
            .join(', ');
    return {
      id,
      messageId: mail.messageId ?? '',
      to: address(mail.to),
      from: address(mail.from),
      subject: mail.subject ?? '',
      date: (mail.date ?? new Date(0)).toISOString(),
      text: mail.text ?? '',
      html: typeof mail.html === 'string' ? mail.html : '',
    };
  };
  const ids = (): string[] =>
    readdirSync(directory)
      .filter((name) => name.endsWith('.eml'))
      .map((name) => name.slice(0, -4))
      .sort();
  let kept = ids().length;
  const prune = (): void => {
    if (++kept <= keep * 1.1) return;
    const stored = ids();
    for (const id of stored.slice(0, -keep)) rmSync(path.join(directory, `${id}.eml`), { force: true });
    kept = Math.min(stored.length, keep);
  };
  const all = async (wanted = ids()): Promise<StoredMail[]> =>
    (await Promise.all(wanted.map(read))).filter((mail) => mail !== undefined);

  const sink: MailSink = {
    smtpUrl: `smtp://127.0.0.1:${options.smtpPort}`,
    uiUrl: `http://127.0.0.1:${options.httpPort}`,
    mails: () => all(),
    trouble: undefined,
    async waitFor(to, timeoutMs) {
      const signal = AbortSignal.timeout(timeoutMs);
      for (;;) {
        const arrival = new Promise<void>((resolve, reject) => {
          arrivals.once('mail', resolve);
          signal.addEventListener('abort', () => reject(new Error('no such mail came in time')), { once: true });
        });
        arrival.catch(() => undefined);
        const found = (await all()).find((mail) => mail.to.includes(to));
        if (found) return found;
        await arrival;
      }
    },
    async close() {
      await new Promise<void>((resolve) => smtp.close(resolve));
      web.closeAllConnections();
      await new Promise((resolve) => web.close(resolve));
    },
  };

  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    size: 5 * 1024 * 1024,
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { trouble } = sink;
        if (typeof trouble === 'object') {
          done(Object.assign(new Error('as told'), { responseCode: trouble.code }));
          return;
        }
        const id = `${Date.now()}-${String(++counter).padStart(6, '0')}`;
        const file = path.join(directory, `${id}.eml`);
        try {
          writeFileSync(`${file}.part`, Buffer.concat(chunks));
          renameSync(`${file}.part`, file);
          prune();
        } catch (error) {
          // A full disk: the sender is told to come again (RFC 5321, 452), and the stack around us goes on.
          rmSync(`${file}.part`, { force: true });
          done(Object.assign(new Error(`not kept: ${String(error)}`), { responseCode: 452 }));
          return;
        }
        arrivals.emit('mail');
        if (trouble === 'cut-after-data') {
          // The mail is here, the sender never learns it.
          for (const connection of connectionsOf(smtp)) connection.close?.();
          return;
        }
        done();
      });
    },
  });
  smtp.on('error', () => undefined); // of single connections

  const web = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://sink');
    const send = (type: string, body: string, status = 200): void => {
      response.writeHead(status, {
        'content-type': `${type}; charset=utf-8`,
        'cache-control': 'no-store',
        'content-security-policy':
          "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; frame-ancestors 'self'",
        'referrer-policy': 'no-referrer',
      });
      response.end(body);
    };
    const answer = async (): Promise<void> => {
      const [, kind, id = ''] = /^\/(api\/messages|mail|html)\/?([\w-]*)$/.exec(url.pathname) ?? [];
      if (kind === 'api/messages' && id === '' && request.method === 'DELETE') {
        for (const mail of ids()) rmSync(path.join(directory, `${mail}.eml`));
        send('application/json', '{}');
      } else if (kind === 'api/messages' && id === '') {
        const to = url.searchParams.get('to') ?? '';
        send('application/json', JSON.stringify((await all(ids().slice(-500))).filter((mail) => mail.to.includes(to))));
      } else if (kind !== undefined) {
        const mail = await read(id);
        if (!mail) send('text/plain', 'not found', 404);
        else if (kind === 'mail') send('text/html', mailPage(mail));
        else if (kind === 'html') send('text/html', mail.html);
        else send('application/json', JSON.stringify(mail));
      } else if (url.pathname === '/') send('text/html', mailList((await all(ids().slice(-100))).reverse()));
      else send('text/plain', 'not found', 404);
    };
    answer().catch(() => send('text/plain', 'failed', 500));
  });

  await new Promise<void>((resolve, reject) => {
    smtp.server.once('error', reject);
    smtp.listen(options.smtpPort, '127.0.0.1', resolve);
  });
  await new Promise<void>((resolve, reject) => {
    web.once('error', reject);
    web.listen(options.httpPort, '127.0.0.1', resolve);
  });
  return sink;
}

/** smtp-server keeps its connections in a set that its types do not show. */
function connectionsOf(server: SMTPServer): Iterable<{ close?: () => void }> {
  return (server as unknown as { connections: Set<{ close?: () => void }> }).connections; // see above
}
