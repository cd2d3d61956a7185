/** E-mail to the operator, through the shop's own mail server. */
import { checkFields, type ConfigField } from '../config-fields.ts';
import { MailError } from '../mail.ts';
import { ChannelError, type Channel } from './channel.ts';

const configFields: readonly ConfigField[] = [
  { key: 'to', label: { zh: '收件邮箱（多个用逗号分隔）', en: 'Addresses, comma-separated' }, secret: false, required: true, pattern: /^[^\s@,]+@[^\s@,]+(\s*,\s*[^\s@,]+@[^\s@,]+){0,9}$/ },
]; // prettier-ignore

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

export const email: Channel = {
  kind: 'email',
  name: { zh: '邮件', en: 'E-mail' },
  configFields,
  perMinute: 30,
  checkConfig: (config) => checkFields(configFields, config),
  async send(config, message, id, tools) {
    const text = [...message.lines, '', message.link, ''].join('\n');
    try {
      await tools.mailer.send({
        to: config['to'] ?? '',
        subject: message.title.slice(0, 200),
        text,
        html: `<p>${message.lines.map(escape).join('<br>')}</p><p><a href="${escape(message.link)}">${escape(message.link)}</a></p>`,
        messageId: `<${id}@${new URL(message.link).hostname}>`,
        date: tools.now,
      });
    } catch (error) {
      if (error instanceof MailError) throw new ChannelError(error.code);
      throw error;
    }
  },
};
