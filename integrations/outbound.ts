/**
 * The one door for calls to addresses that people typed: gateways, suppliers, webhooks. Only https to public addresses,
 * no redirects, caps on size and time. Every resolved address is checked at the moment of connecting, so a name that
 * changes between check and use (DNS rebinding) gains nothing.
 */
import dns from 'node:dns';
import net, { type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent, request as send } from 'undici';

export type OutboundCode =
  'BAD_URL' | 'INSECURE' | 'BLOCKED_ADDRESS' | 'CONNECT' | 'TIMEOUT' | 'REDIRECT' | 'TOO_LARGE' | 'BROKEN';

/** Never holds the query or a body: keys travel there. */
export class OutboundError extends Error {
  readonly code: OutboundCode;
  /** False if the request surely did not leave: then trying again, or elsewhere, is safe. */
  readonly sent: boolean;
  constructor(code: OutboundCode, host: string, sent: boolean) {
    super(`${code} (${host})`);
    this.name = 'OutboundError';
    this.code = code;
    this.sent = sent;
  }
}

export interface OutboundRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly timeoutMs?: number;
  /** More than the door's own cap, for files that are known to be large. */
  readonly maxBytes?: number;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface Outbound {
  request(request: OutboundRequest): Promise<OutboundAnswer>;
  close(): Promise<void>;
}

/** True for an address on the public internet. Transition forms (mapped, NAT64, 6to4, Teredo) count as what they hide. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  return ipaddr.process(address).range() === 'unicast';
}

class Blocked extends Error {
  override readonly name = 'Blocked';
}

const checkedLookup: LookupFunction = (hostname, options, callback) => {
  dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) {
      callback(error, '', 0);
      return;
    }
    const [first] = addresses;
    if (!first || addresses.some(({ address }) => !isPublicAddress(address))) callback(new Blocked(), '', 0);
    else if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

export function createOutbound(options: {
  /** `host:port` that may be private and plain http: the operator's own machines, the fakes of development. */
  readonly allow: readonly string[];
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}): Outbound {
  const { timeoutMs = 8_000, maxBytes = 1 << 20 } = options;
  const common = { connections: 20, pipelining: 1, headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
  const guarded = new Agent({ ...common, connect: { lookup: checkedLookup, timeout: 5_000 } });
  const trusted = new Agent({ ...common, connect: { timeout: 5_000 } });

  const choose = (url: URL): Agent => {
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    if (options.allow.includes(`${url.hostname}:${port}`)) return trusted;
    if (url.protocol !== 'https:') throw new OutboundError('INSECURE', url.hostname, false);
    // A literal address is never looked up, so it is checked here.
    const literal = url.hostname.replace(/^\[|\]$/g, '');
    if (net.isIP(literal) && !isPublicAddress(literal)) throw new OutboundError('BLOCKED_ADDRESS', literal, false);
    return guarded;
  };

  return {
    async request(request) {
      const url = parse(request.url);
      const dispatcher = choose(url);
      const signal = AbortSignal.timeout(request.timeoutMs ?? timeoutMs);
      let answered = false;
      try {
        const { method, headers = {}, body = null } = request;
        const answer = await send(url, { dispatcher, signal, method, headers, body });
        answered = true;
        if (answer.statusCode >= 300 && answer.statusCode < 400) {
          await answer.body.dump();
          throw new OutboundError('REDIRECT', url.hostname, true);
        }
        const chunks: Buffer[] = [];
        let size = 0;
        for await (const chunk of answer.body) {
          const part = chunk as Buffer;
          size += part.length;
          if (size > (request.maxBytes ?? maxBytes)) throw new OutboundError('TOO_LARGE', url.hostname, true);
          chunks.push(part);
        }
        return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) };
      } catch (error) {
        if (error instanceof OutboundError) throw error;
        throw explain(error, url.hostname, answered);
      }
    },
    async close() {
      await Promise.all([guarded.close(), trusted.close()]);
    },
  };
}

function parse(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw new OutboundError('BAD_URL', '-', false);
  if (url.username || url.password) throw new OutboundError('BAD_URL', url.hostname, false);
  return url;
}

function explain(error: unknown, host: string, answered: boolean): OutboundError {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if (e instanceof Blocked) return new OutboundError('BLOCKED_ADDRESS', host, false);
    const code = (e as Error & { code?: string }).code ?? e.name;
    if (
      /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(
        code,
      )
    ) {
      return new OutboundError('CONNECT', host, false);
    }
    if (/TimeoutError|AbortError|UND_ERR_(HEADERS|BODY)_TIMEOUT/.test(code))
      return new OutboundError('TIMEOUT', host, true);
  }
  return new OutboundError(answered ? 'BROKEN' : 'CONNECT', host, true);
}
