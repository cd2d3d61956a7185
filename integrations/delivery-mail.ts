/** The mail that brings the goods, zh-CN and English. Values are escaped for HTML; the text part is as typed. */

import type { Texts, TextVariables } from '../domain/templates.ts';
import { shownKey, type ShownPart } from './keyring/goods.ts';
import { renderText } from './templates.ts';

export interface DeliveryMail {
  readonly locale: string;
  readonly orderNo: string;
  readonly sku: string;
  readonly quantity: number;
  readonly productName: string;
  readonly test: boolean;
  /** Each key, part by part. */
  readonly goods: readonly (readonly ShownPart[])[];
  readonly pickupUrl: string;
  /** The operator's texts that the order was sold with. */
  readonly texts: Texts;
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
    validity: '有效期：',
  },
  en: {
    subject: (m: DeliveryMail) => `Delivered: ${m.productName} (order ${m.orderNo})`,
    test: '[TEST ORDER] ',
    hello: 'Your goods are here:',
    page: 'Pickup page (to see them again):',
    keep: 'Keep this mail to yourself.',
    validity: 'Valid: ',
  },
};

export function deliveryMail(mail: DeliveryMail): { subject: string; text: string; html: string } {
  const w = mail.locale.startsWith('zh') ? words.zh : words.en;
  const { validity, instructions, mailSubject, mailBody } = rendered({ ...mail, goods: mail.goods.map(shownKey) });
  const subject = `${mail.test ? w.test : ''}${mailSubject ?? w.subject(mail)}`.replace(/[\r\n]+/g, ' ');
  const about = [validity && `${w.validity}${validity}`, instructions].filter((t): t is string => !!t);
  // A text of the operator's own stands before the goods and never in their place.
  const opening = mailBody ?? w.hello;
  const text = [opening, '', ...mail.goods.map(shownKey), '', ...about, ...(about.length > 0 ? [''] : []), w.page, mail.pickupUrl, '', w.keep, ''].join('\n'); // prettier-ignore
  // Each part in a box of its own: two taps select it, and nothing else with it.
  const part = ({ label, text: value }: ShownPart): string =>
    `${label === null ? '' : `<div style="color:#666">${escape(label)}</div>`}<pre style="${box}">${escape(value)}</pre>`;
  const goods = mail.goods.map((key) => `<div>${key.map(part).join('')}</div>`).join('');
  const lines = (t: string): string => escape(t).replaceAll('\n', '<br>');
  const html = `<!doctype html><html><body style="font:16px/1.6 system-ui,sans-serif;max-width:560px;margin:auto;padding:16px">
<h1 style="font-size:20px">${escape(mail.productName)}</h1><p>${lines(opening)}</p>${goods}${about.map((t) => `<p>${lines(t)}</p>`).join('')}
<p>${w.page}<br><a href="${escape(mail.pickupUrl)}">${escape(mail.pickupUrl)}</a></p>
<p style="color:#666">${escape(mail.orderNo)} · ${w.keep}</p></body></html>`;
  return { subject, text, html };
}

/** The operator's texts with their values; one that fails is left out, the goods go out all the same. */
export function rendered(mail: Omit<DeliveryMail, 'locale' | 'goods'> & { readonly goods: readonly string[] }): Texts {
  const { texts } = mail;
  const render = (text: string | undefined, variables: TextVariables): string | undefined => {
    if (text === undefined) return undefined;
    try {
      return renderText(text, variables);
    } catch {
      return undefined;
    }
  };
  const base: TextVariables = {
    order: { no: mail.orderNo, quantity: mail.quantity },
    product: { name: mail.productName, sku: mail.sku },
    pickupUrl: mail.pickupUrl,
    validity: '',
    instructions: '',
    goods: mail.goods,
    test: mail.test,
  };
  const validity = render(texts.validity, base) ?? '';
  const instructions = render(texts.instructions, { ...base, validity }) ?? '';
  const all = { ...base, validity, instructions };
  const fields = Object.entries(texts).flatMap(([field, text]) => {
    const value = render(text, all);
    return value === undefined ? [] : [[field, value]];
  });
  return {
    ...(Object.fromEntries(fields) as Texts),
    ...(validity && { validity }),
    ...(instructions && { instructions }),
  };
}

/**
 * The SMS text of an order, for whoever has the buyer's number. Without the goods, and without the link that opens them:
 * messages of the telephone network are read by many. `pickupUrl` is the page where buyers find their order themselves.
 */
export function smsText(
  about: Omit<DeliveryMail, 'locale' | 'goods' | 'pickupUrl'> & { readonly queryUrl: string },
): string | undefined {
  const { texts, queryUrl } = about;
  if (texts.sms === undefined) return undefined;
  return rendered({ ...about, goods: [], pickupUrl: queryUrl })
    .sms?.replace(/\s+/g, ' ')
    .trim()
    .slice(0, 500);
}

const box =
  'font:16px/1.5 monospace;background:#f4f4f5;border-radius:6px;padding:12px;white-space:pre-wrap;word-break:break-all';
