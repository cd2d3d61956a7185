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
  /** The other side has shut the channel for so long: what is sent meanwhile only lengthens it. */
  readonly pauseSeconds: number;
  constructor(reason: string, pauseSeconds = 0) {
    super(`channel failed: ${reason}`);
    this.name = 'ChannelError';
    this.reason = reason;
    this.pauseSeconds = pauseSeconds;
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

/**
 * What robots say often, with what it means: 企业微信 developer.work.weixin.qq.com/document/path/90313, 钉钉
 * open.dingtalk.com/document/robots/custom-robot-access. 钉钉 shuts a robot for ten minutes.
 */
const verdicts: Readonly<Record<number, { readonly words: string; readonly pauseSeconds?: number }>> = {
  93000: { words: '机器人地址无效 / no such robot' },
  45009: { words: '发送过于频繁 / too many messages', pauseSeconds: 120 },
  130101: { words: '发送过于频繁，限流 10 分钟 / too many messages, shut for ten minutes', pauseSeconds: 660 },
  310000: { words: '加签、关键词或 IP 白名单不符 / signature, keyword or address is refused' },
  300005: { words: '机器人不存在 / no such robot' },
};

/** Robots answer 200 whatever happens: the body's `errcode` is the verdict. */
export function judgeRobot(answer: OutboundAnswer): void {
  let code: unknown;
  try {
    code = (JSON.parse(answer.body.toString('utf8')) as { errcode?: unknown }).errcode;
  } catch {
    throw new ChannelError('NO_VERDICT');
  }
  if (code === 0) return;
  if (typeof code !== 'number') throw new ChannelError('NO_VERDICT');
  const known = verdicts[code];
  throw new ChannelError(`errcode ${code}${known ? ` ${known.words}` : ''}`, known?.pauseSeconds);
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
