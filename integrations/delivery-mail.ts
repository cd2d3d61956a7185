/** The mail that brings the goods, zh-CN and English. Values are escaped for HTML; the text part is as typed. */

export interface DeliveryMail {
  readonly locale: string;
  readonly orderNo: string;
  readonly productName: string;
  readonly test: boolean;
  readonly goods: readonly string[];
  readonly pickupUrl: string;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

const words = {
  zh: {
    subject: (m: DeliveryMail) => `已发货：${m.productName}（订单 ${m.orderNo}）`,
    test: '【测试订单】',
    hello: '您的商品已发货：',
    page: '提货页（可再次查看）：',
    keep: '请妥善保管，切勿转发本邮件。',
  },
  en: {
    subject: (m: DeliveryMail) => `Delivered: ${m.productName} (order ${m.orderNo})`,
    test: '[TEST ORDER] ',
    hello: 'Your goods are here:',
    page: 'Pickup page (to see them again):',
    keep: 'Keep this mail to yourself.',
  },
};

export function deliveryMail(mail: DeliveryMail): { subject: string; text: string; html: string } {
  const w = mail.locale.startsWith('zh') ? words.zh : words.en;
  const subject = `${mail.test ? w.test : ''}${w.subject(mail)}`.replace(/[\r\n]+/g, ' ');
  const text = [w.hello, '', ...mail.goods, '', w.page, mail.pickupUrl, '', w.keep, ''].join('\n');
  const goods = mail.goods.map((g) => `<pre style="${box}">${escape(g)}</pre>`).join('');
  const html = `<!doctype html><html><body style="font:16px/1.6 system-ui,sans-serif;max-width:560px;margin:auto;padding:16px">
<h1 style="font-size:20px">${escape(mail.productName)}</h1><p>${w.hello}</p>${goods}
<p>${w.page}<br><a href="${escape(mail.pickupUrl)}">${escape(mail.pickupUrl)}</a></p>
<p style="color:#666">${escape(mail.orderNo)} · ${w.keep}</p></body></html>`;
  return { subject, text, html };
}

const box =
  'font:16px/1.5 monospace;background:#f4f4f5;border-radius:6px;padding:12px;white-space:pre-wrap;word-break:break-all';
