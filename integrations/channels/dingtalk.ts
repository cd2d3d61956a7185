/**
 * 钉钉 group robot: `POST …/robot/send?access_token=…&timestamp=<ms>&sign=…`, where sign is the base64 HMAC-SHA256 of
 * "<ms>\n<secret>" under the secret; 20 messages a minute, then blocked for ten; `errcode` 0 is success
 * (open.dingtalk.com/document/robots/custom-robot-access).
 */
import { createHmac } from 'node:crypto';
import { checkFields, type ConfigField } from '../config-fields.ts';
import { cutBytes, judgeRobot, post, type Channel } from './channel.ts';

const configFields: readonly ConfigField[] = [
  { key: 'url', label: { zh: '机器人 Webhook 地址', en: 'Webhook address of the robot' }, secret: true, required: true, pattern: /^https:\/\/oapi\.dingtalk\.com\/robot\/send\?access_token=\w{16,128}$/ },
  { key: 'secret', label: { zh: '加签密钥（SEC 开头，可留空）', en: 'Signing secret (SEC…, may be empty)' }, secret: true, required: false, pattern: /^SEC\w{16,128}$/ },
]; // prettier-ignore

/** The query that signs a call made at `ms`. */
export function signDingtalk(secret: string, ms: number): string {
  const sign = createHmac('sha256', secret).update(`${ms}\n${secret}`).digest('base64');
  return `timestamp=${ms}&sign=${encodeURIComponent(sign)}`;
}

export const dingtalk: Channel = {
  kind: 'dingtalk',
  name: { zh: '钉钉群机器人', en: 'DingTalk robot' },
  configFields,
  perMinute: 18,
  checkConfig: (config) => checkFields(configFields, config),
  async send(config, message, _id, tools) {
    const { url = '', secret } = config;
    const content = cutBytes([message.title, ...message.lines, message.link].join('\n'), 18_000);
    const body = JSON.stringify({ msgtype: 'text', text: { content } });
    judgeRobot(await post(tools, secret ? `${url}&${signDingtalk(secret, tools.now.getTime())}` : url, body));
  },
};
