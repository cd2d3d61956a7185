/** Questions to the server; a refusal arrives in the reader's language. */
import { chinese, t } from './text.ts';

export class Refusal extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface ErrorBody {
  readonly error?: {
    readonly code: string;
    readonly zh: { readonly cause: string; readonly next: string };
    readonly en: { readonly cause: string; readonly next: string };
    readonly detail?: { readonly waitSeconds?: number };
  };
}

/** POST with a body, GET without. Rejects with {@link Refusal}, or with a TypeError if the network is away. */
export async function ask<T>(url: string, body?: object): Promise<T> {
  const answer = await fetch(url, {
    method: body ? 'POST' : 'GET',
    credentials: 'same-origin',
    headers: {
      'accept-language': chinese ? 'zh-CN' : 'en',
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const data = (await answer.json()) as T & ErrorBody;
  if (answer.ok) return data;
  const { error } = data;
  if (!error) throw new TypeError('no answer');
  const words = chinese ? error.zh : error.en;
  const wait = error.detail?.waitSeconds;
  const tail = wait === undefined ? '' : t(`（请等待 ${wait} 秒）`, ` (wait ${wait} s)`);
  throw new Refusal(error.code, `${words.cause}${t('。', '. ')}${words.next}${tail}`);
}

export function words(error: unknown): string {
  return error instanceof Refusal ? error.message : t('网络异常，请稍后重试', 'The network failed; try again');
}
