/** Pages of the mail sink. Links are relative, so they work behind /ops/mail/. */
import type { StoredMail } from './mail-sink.ts';

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

const shell = (title: string, body: string): string => `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title><style>
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:760px;margin:0 auto;padding:16px}
a{color:inherit;text-decoration:none}li{list-style:none;border-bottom:1px solid #8884;padding:10px 0}ul{padding:0}
small{color:#777}pre{white-space:pre-wrap;overflow-wrap:anywhere}iframe{width:100%;height:60vh;border:1px solid #8884;background:#fff}
</style></head><body>${body}</body></html>`;

export function mailList(mails: readonly StoredMail[]): string {
  const rows = mails.map(
    (mail) =>
      `<li><a href="mail/${mail.id}"><b>${escape(mail.subject)}</b><br><small>${escape(mail.to)} · ${mail.date}</small></a></li>`,
  );
  return shell('邮件 · Mail', `<h1>邮件 · Mail</h1><ul>${rows.join('') || '<li>暂无邮件 · No mail yet</li>'}</ul>`);
}

export function mailPage(mail: StoredMail): string {
  return shell(
    escape(mail.subject),
    `<p><a href="../">← 返回 · Back</a></p><h1>${escape(mail.subject)}</h1>
<p><small>${escape(mail.from)} → ${escape(mail.to)}<br>${mail.date}<br>${escape(mail.messageId)}</small></p>
${mail.html ? `<iframe sandbox src="../html/${mail.id}" title="mail"></iframe>` : ''}<h2>Text</h2><pre>${escape(mail.text)}</pre>`,
  );
}
