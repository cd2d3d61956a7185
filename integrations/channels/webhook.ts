/** The operator's own program: a POST signed by the Standard Webhooks scheme, the same id on each try. */
import { checkFields, type ConfigField } from '../config-fields.ts';
import { signWebhook } from '../webhook.ts';
import { post, type Channel } from './channel.ts';

const configFields: readonly ConfigField[] = [
  { key: 'url', label: { zh: '接收地址', en: 'Address' }, secret: false, required: true, pattern: /^https?:\/\/[^\s#@]{4,400}$/ },
  { key: 'secret', label: { zh: '签名密钥（whsec_ 开头）', en: 'Signing secret (whsec_…)' }, secret: true, required: true, pattern: /^whsec_[A-Za-z0-9+/=]{24,128}$/ },
]; // prettier-ignore

export const webhook: Channel = {
  kind: 'webhook',
  name: { zh: '自定义 Webhook（带签名）', en: 'Signed webhook' },
  configFields,
  perMinute: 120,
  checkConfig: (config) => checkFields(configFields, config),
  async send(config, message, id, tools) {
    const { title, lines, link, notice } = message;
    const at = Math.floor(tools.now.getTime() / 1000);
    const body = JSON.stringify({ type: `notice.${notice.kind}`, data: { ...notice, title, lines, link } });
    const signature = signWebhook(config['secret'] ?? '', id, at, body);
    await post(tools, config['url'] ?? '', body, {
      'webhook-id': id,
      'webhook-timestamp': String(at),
      'webhook-signature': signature,
    });
  },
};
