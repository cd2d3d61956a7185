/** All kinds of channels. */
import type { Channel } from './channel.ts';
import { dingtalk } from './dingtalk.ts';
import { email } from './email.ts';
import { webhook } from './webhook.ts';
import { wecom } from './wecom.ts';

export const channels: ReadonlyMap<string, Channel> = new Map(
  [email, wecom, dingtalk, webhook].map((channel) => [channel.kind, channel]),
);
