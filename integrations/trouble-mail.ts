/** The mail that tells a buyer that it takes longer. No reason of ours in it: that is between us and our suppliers. */

export interface TroubleMail {
  readonly locale: string;
  readonly orderNo: string;
  readonly productName: string;
  readonly test: boolean;
  readonly pickupUrl: string;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

export function troubleMail(mail: TroubleMail): { subject: string; text: string; html: string } {
  const zh = mail.locale.startsWith('zh');
  const test = mail.test ? (zh ? '【测试订单】' : '[TEST ORDER] ') : '';
  const subject = zh
    ? `您的订单正在处理：${mail.productName}（订单 ${mail.orderNo}）`
    : `We are working on your order: ${mail.productName} (order ${mail.orderNo})`;
  const words = zh
    ? ['您的付款已收到，但发货比平时慢，我们正在处理。', '货到后会立即发送到本邮箱，也可以随时在提货页查看：']
    : ['Your payment has arrived. Delivery takes longer than usual; we are working on it.', 'The goods come to this address the moment they are there. The pickup page shows the state:']; // prettier-ignore
  const link = escape(mail.pickupUrl);
  return {
    subject: `${test}${subject}`.replace(/[\r\n]+/g, ' '),
    text: [...words, mail.pickupUrl, ''].join('\n'),
    html: `<p>${words.map(escape).join('<br>')}</p><p><a href="${link}">${link}</a></p>`,
  };
}
