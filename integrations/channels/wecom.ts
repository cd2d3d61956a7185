/**
 * 企业微信 group robot: `POST …/cgi-bin/webhook/send?key=…`, the key is the secret; 20 messages a minute; markdown up to
 * 4096 bytes; HTTP 200 also on failure, `errcode` 0 is success (developer.work.weixin.qq.com/document/path/91770).
 */
import { checkFields, type ConfigField } from '../config-fields.ts';
import { cutBytes, judgeRobot, post, type Channel } from './channel.ts';

const configFields: readonly ConfigField[] = [
  { key: 'url', label: { zh: '机器人 Webhook 地址', en: 'Webhook address of the robot' }, secret: true, required: true, pattern: /^https:\/\/qyapi\.weixin\.qq\.com\/cgi-bin\/webhook\/send\?key=[\w-]{16,64}$/ },
]; // prettier-ignore

export const wecom: Channel = {
  kind: 'wecom',
  name: { zh: '企业微信群机器人', en: 'WeCom robot' },
  configFields,
  perMinute: 18,
  checkConfig: (config) => checkFields(configFields, config),
  async send(config, message, _id, tools) {
    const content = cutBytes(
      [`**${message.title}**`, ...message.lines, `[打开处理](${message.link})`].join('\n'),
      4096,
    );
    const body = JSON.stringify({ msgtype: 'markdown', markdown: { content } });
    judgeRobot(await post(tools, config['url'] ?? '', body));
  },
};
