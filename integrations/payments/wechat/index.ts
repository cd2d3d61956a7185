/** 微信支付 API v3: Native (QR code) and H5. Source: pay.weixin.qq.com documentation of API v3. */
import type { Outbound } from '../../outbound.ts';
import { ack, textOf } from '../gateway-call.ts';
import { GatewayRefused, QueryUnknown, type Payment, type PaymentProvider, type PayRequest, type ProviderAccount, type QueryAnswer, type Refund, type RefundAnswer } from '../provider.ts'; // prettier-ignore
import { refreshKeys } from './certificates.ts';
import { checkConfig, configFields, wechatMethods } from './config.ts';
import { callWechat, type WechatAnswer } from './gateway.ts';
import { transaction, verify, wechatCurrency } from './notify.ts';
import { wechatStatement } from './statement.ts';

/** RFC 3339 in Beijing, without fractions, as the API wants it. */
function rfc3339(at: Date): string {
  return `${new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;
}

async function createPayment(account: ProviderAccount, payment: Payment, outbound: Outbound): Promise<PayRequest> {
  if (payment.currency !== wechatCurrency) throw new GatewayRefused('CURRENCY');
  const method = payment.method ?? account.config['method'] ?? wechatMethods[0].id;
  const h5 = method === 'h5';
  const answer = await callWechat(
    account,
    'POST',
    `/v3/pay/transactions/${h5 ? 'h5' : 'native'}`,
    {
      appid: account.config['appid'],
      mchid: account.config['mchid'],
      description: `Order ${payment.orderNo}`,
      out_trade_no: payment.orderNo,
      time_expire: rfc3339(payment.expiresAt),
      notify_url: payment.notifyUrl,
      amount: { total: payment.amountMinor, currency: wechatCurrency },
      ...(h5 && { scene_info: { payer_client_ip: payment.buyerAddress ?? '127.0.0.1', h5_info: { type: 'Wap' } } }),
    },
    outbound,
  );
  if (answer.status !== 200) throw new GatewayRefused(answer.code);
  const url = textOf(answer.json, h5 ? 'h5_url' : 'code_url');
  if (!(h5 ? /^https:\/\/\S{1,900}$/ : /^weixin:\/\/\S{1,200}$/).test(url))
    throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'CODE_URL');
  return { kind: h5 ? 'redirect' : 'qr', url };
}

async function query(
  account: ProviderAccount,
  { orderNo }: { readonly orderNo: string },
  outbound: Outbound,
): Promise<QueryAnswer> {
  const { mchid = '', appid } = account.config;
  const path = `/v3/pay/transactions/out-trade-no/${encodeURIComponent(orderNo)}?mchid=${mchid}`;
  const { status, json, code } = await callWechat(account, 'GET', path, undefined, outbound);
  if (status === 404 && /^(ORDER_NOT_EXIST|ORDERNOTEXIST|RESOURCE_NOT_EXISTS)$/.test(code)) return { status: 'unpaid' };
  if (status !== 200) throw new QueryUnknown('GATEWAY_BAD_ANSWER', code);
  switch (textOf(json, 'trade_state')) {
    case 'NOTPAY':
    case 'USERPAYING':
    case 'PAYERROR':
      return { status: 'unpaid' };
    case 'CLOSED':
    case 'REVOKED':
      return { status: 'closed' };
    case 'REFUND': // after any refund, a partial one too
      return { status: 'refunded' };
    case 'SUCCESS':
      break;
    default:
      throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'TRADE_STATE');
  }
  const paid = transaction.safeParse(json);
  if (!paid.success || paid.data.out_trade_no !== orderNo || paid.data.mchid !== mchid || paid.data.appid !== appid)
    throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'TRANSACTION');
  const { transaction_id: tradeNo, amount } = paid.data;
  return { status: 'paid', tradeNo, amountMinor: amount.total, currency: amount.currency };
}

/** What the refund's own status means. The call's success is acceptance only. */
function refundAnswer({ json }: WechatAnswer): RefundAnswer {
  switch (textOf(json, 'status')) {
    case 'SUCCESS':
      return { status: 'done' };
    case 'PROCESSING':
      return { status: 'pending' };
    case 'CLOSED':
      return { status: 'failed', detail: 'CLOSED' };
    case 'ABNORMAL':
      return { status: 'abnormal', detail: 'ABNORMAL' };
    default:
      throw new QueryUnknown('GATEWAY_BAD_ANSWER', 'REFUND_STATUS');
  }
}

/** Codes after which nothing was done and the same call cannot succeed. */
const refusedForGood =
  /^(PARAM_ERROR|INVALID_REQUEST|NOT_ENOUGH|NO_AUTH|MCH_NOT_EXISTS|RESOURCE_NOT_EXISTS|RULE_LIMIT)$/;

export const wechat: PaymentProvider = {
  id: 'wechat',
  name: { zh: '微信支付', en: 'WeChat Pay' },
  modes: ['live', 'test'],
  currencies: [wechatCurrency],
  methods: wechatMethods,
  canQuery: true,
  confirmByQueryDefault: false,
  createsRemotely: true,
  configFields,
  checkConfig,
  refreshKeys,
  verify,
  acknowledge: {
    accepted: ack('{"code":"SUCCESS"}', 200, 'application/json'),
    refused: ack('{"code":"FAIL","message":"refused"}', 401, 'application/json'),
    retryLater: ack('{"code":"FAIL","message":"try again"}', 503, 'application/json'),
  },
  createPayment,
  query,

  async close(account, { orderNo }, outbound) {
    const path = `/v3/pay/transactions/out-trade-no/${encodeURIComponent(orderNo)}/close`;
    const { status, code } = await callWechat(account, 'POST', path, { mchid: account.config['mchid'] }, outbound);
    if (status === 204) return 'closed';
    if (/^(ORDER_PAID|ORDERPAID)$/.test(code)) return 'paid';
    if (/^(ORDER_CLOSED|ORDERCLOSED|ORDER_NOT_EXIST|ORDERNOTEXIST)$/.test(code)) return 'closed';
    throw new QueryUnknown('GATEWAY_BAD_ANSWER', code);
  },

  refunds: {
    partial: true,
    idempotent: true, // by out_refund_no
    async send(account, refund: Refund, outbound) {
      const answer = await callWechat(
        account,
        'POST',
        '/v3/refund/domestic/refunds',
        {
          transaction_id: refund.tradeNo,
          out_refund_no: refund.refundNo,
          amount: { refund: refund.amountMinor, total: refund.totalMinor, currency: wechatCurrency },
        },
        outbound,
      );
      if (answer.status === 200) return refundAnswer(answer);
      if (refusedForGood.test(answer.code)) return { status: 'failed', detail: answer.code };
      throw new QueryUnknown('GATEWAY_BAD_ANSWER', answer.code);
    },
    async ask(account, refund, outbound) {
      const path = `/v3/refund/domestic/refunds/${encodeURIComponent(refund.refundNo)}`;
      const answer = await callWechat(account, 'GET', path, undefined, outbound);
      if (answer.status === 404) return { status: 'none', detail: answer.code };
      if (answer.status !== 200) throw new QueryUnknown('GATEWAY_BAD_ANSWER', answer.code);
      return refundAnswer(answer);
    },
  },
  statement: wechatStatement,
};
