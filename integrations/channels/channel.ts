/** What carries a message to people: one file per kind behind this interface. More follow as further files. */
import { OutboundError, type Outbound, type OutboundAnswer } from '../outbound.ts';
import type { ConfigField, ConfigProblem, Words } from '../config-fields.ts';
import type { Mailer } from '../mail.ts';
import type { Message } from './message.ts';

export type ChannelConfig = Readonly<Record<string, string>>;

export interface ChannelTools {
  readonly outbound: Outbound;
  readonly mailer: Mailer;
  readonly now: Date;
}

export interface Channel {
  readonly kind: string;
  readonly name: Words;
  readonly configFields: readonly ConfigField[];
  /** Messages a minute that the other side takes. */
  readonly perMinute: number;
  checkConfig(config: ChannelConfig): ConfigProblem[];
  /** Resolves once the other side has taken it; rejects with {@link ChannelError}. `id` is the same on each try. */
  send(config: ChannelConfig, message: Message, id: string, tools: ChannelTools): Promise<void>;
}

/** Why a channel did not take a message: a short word for people, never an address or a key. */
export class ChannelError extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(`channel failed: ${reason}`);
    this.name = 'ChannelError';
    this.reason = reason;
  }
}

/** POSTs JSON; anything but an answer is a {@link ChannelError}. The URL may hold a key: it is never told. */
export async function post(
  tools: ChannelTools,
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<OutboundAnswer> {
  try {
    const answer = await tools.outbound.request({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
      body,
    });
    if (answer.status < 200 || answer.status > 299) throw new ChannelError(`HTTP ${answer.status}`);
    return answer;
  } catch (error) {
    if (error instanceof OutboundError) throw new ChannelError(error.code);
    throw error;
  }
}

/** Robots answer 200 whatever happens: the body's `errcode` is the verdict. */
export function judgeRobot(answer: OutboundAnswer): void {
  let code: unknown;
  try {
    code = (JSON.parse(answer.body.toString('utf8')) as { errcode?: unknown }).errcode;
  } catch {
    throw new ChannelError('NO_VERDICT');
  }
  if (code !== 0) throw new ChannelError(typeof code === 'number' ? `errcode ${code}` : 'NO_VERDICT');
}

/** Cuts to so many bytes of UTF-8, never inside a character: robots count bytes. */
export function cutBytes(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  let size = 0;
  let kept = '';
  for (const character of text) {
    size += Buffer.byteLength(character);
    if (size > bytes - 3) break;
    kept += character;
  }
  return `${kept}…`;
}
