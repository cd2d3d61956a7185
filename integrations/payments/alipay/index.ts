/** 支付宝 (open platform, mainland), RSA2 only, by public key or by certificates. Source: Alipay's open documentation. */
import { formatAmount, parseAmount } from '../../../domain/money.ts';
import type { Outbound } from '../../outbound.ts';
import { foreignTradeNo } from '../form.ts';
import { ack, textOf } from '../gateway-call.ts';
import { GatewayRefused, QueryUnknown, type Payment, type PaymentProvider, type PayRequest, type ProviderAccount, type QueryAnswer, type RefundAnswer } from '../provider.ts'; // prettier-ignore
import { alipayMethods, checkConfig, configFields } from './config.ts';
import { beijingTime, callAlipay, gatewayUrl, mustCall, signedRequest } from './gateway.ts';
import { alipayCurrency, verify } from './notify.ts';
import { alipayStatement } from './statement.ts';

const pages = {
  page: { method: 'alipay.trade.page.pay', product: 'FAST_INSTANT_TRADE_PAY' },
  wap: { method: 'alipay.trade.wap.pay', product: 'QUICK_WAP_WAY' },
} as const;

async function createPayment(account: ProviderAccount, payment: Payment, outbound: Outbound): Promise<PayRequest> {
  if (payment.currency !== alipayCurrency) throw new GatewayRefused('CURRENCY');
  const method = payment.method ?? account.config['method'] ?? alipayMethods[0].id;
  const order = {
    out_trade_no: payment.orderNo,
    total_amount: formatAmount(payment.amountMinor, alipayCurrency),
    // Never text of a buyer or of a product: what is signed must hold nothing that others wrote.
    subject: `Order ${payment.orderNo}`,
    // Without it an unscanned QR code could be paid long after.
    time_expire: beijingTime(payment.expiresAt),
  };
  if (method === 'page' || method === 'wap') {
    const { method: api, product } = pages[method];
    const params = signedRequest(
      account,
      api,
      { ...order, product_code: product },
      { notify_url: payment.notifyUrl, return_url: payment.returnUrl },
    );
    return { kind: 'redirect', url: `${gatewayUrl(account)}?${new URLSearchParams([...params]).toString()}` };
  }
  const node = await mustCall(account, 'alipay.trade.precreate', order, outbound, { notify_url: payment.notifyUrl });
  const url = textOf(node, 'qr_code');
  if (!/^https:\/\/[^\s]{1,400}$/.test(url)) throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'QR');
  return { kind: 'qr', url };
}

async function query(
  account: ProviderAccount,
  { orderNo }: { readonly orderNo: string },
  outbound: Outbound,
): Promise<QueryAnswer> {
  const { node, refused } = await callAlipay(account, 'alipay.trade.query', { out_trade_no: orderNo }, outbound);
  // Normal until the buyer has scanned or entered the password.
  if (refused === 'ACQ.TRADE_NOT_EXIST') return { status: 'unpaid' };
  const tradeNo = textOf(node, 'trade_no');
  const amountMinor = parseAmount(textOf(node, 'total_amount'), alipayCurrency);
  const bad = new QueryUnknown('GATEWAY_BAD_ANSWER', refused);
  if (refused !== undefined || textOf(node, 'out_trade_no') !== orderNo) throw bad;
  switch (textOf(node, 'trade_status')) {
    case 'WAIT_BUYER_PAY':
      return { status: 'unpaid' };
    case 'TRADE_SUCCESS':
    case 'TRADE_FINISHED':
      if (amountMinor === undefined || !foreignTradeNo.test(tradeNo)) throw bad;
      return { status: 'paid', tradeNo, amountMinor, currency: alipayCurrency };
    case 'TRADE_CLOSED':
      // Only a trade that was paid has a date of payment: this one was refunded whole.
      return { status: textOf(node, 'send_pay_date') === '' ? 'closed' : 'refunded' };
    default:
      throw bad;
  }
}

export const alipay: PaymentProvider = {
  id: 'alipay',
  name: { zh: '支付宝', en: 'Alipay' },
  modes: ['live', 'test'],
  currencies: [alipayCurrency],
  methods: alipayMethods,
  canQuery: true,
  confirmByQueryDefault: false,
  createsRemotely: true,
  configFields,
  checkConfig,
  verify,
  // Exactly these 7 characters; anything else is sent again.
  acknowledge: { accepted: ack('success'), refused: ack('failure'), retryLater: ack('failure', 503) },
  createPayment,
  query,

  async close(account, { orderNo }, outbound) {
    const { refused } = await callAlipay(account, 'alipay.trade.close', { out_trade_no: orderNo }, outbound);
    // Not there: nobody has scanned; its time_expire ends it.
    if (refused === undefined || refused === 'ACQ.TRADE_NOT_EXIST') return 'closed';
    const now = await query(account, { orderNo }, outbound);
    if (now.status === 'unpaid') throw new QueryUnknown('GATEWAY_BAD_ANSWER', refused);
    return now.status === 'closed' ? 'closed' : 'paid';
  },

  refunds: {
    partial: true,
    idempotent: true, // by out_request_no
    async send(account, refund, outbound): Promise<RefundAnswer> {
      const { node, refused } = await callAlipay(
        account,
        'alipay.trade.refund',
        {
          trade_no: refund.tradeNo,
          refund_amount: formatAmount(refund.amountMinor, refund.currency),
          out_request_no: refund.refundNo,
        },
        outbound,
      );
      if (refused !== undefined) return { status: 'failed', detail: refused };
      // 10000 means accepted; only fund_change=Y that money moved.
      return { status: textOf(node, 'fund_change') === 'Y' ? 'done' : 'pending' };
    },
    async ask(account, refund, outbound): Promise<RefundAnswer> {
      const { node, refused } = await callAlipay(
        account,
        'alipay.trade.fastpay.refund.query',
        { trade_no: refund.tradeNo, out_request_no: refund.refundNo },
        outbound,
      );
      if (refused !== undefined) return { status: 'none', detail: refused };
      if (textOf(node, 'refund_status') === 'REFUND_SUCCESS') return { status: 'done' };
      return { status: textOf(node, 'refund_amount') === '' ? 'none' : 'pending' };
    },
  },
  statement: alipayStatement,
};
