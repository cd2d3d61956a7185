/** What payments, notifications and refunds are called: the words of the books in the words of operators. */
import type { Read } from '../api/routes.ts';
import type { Translate } from '../i18n.tsx';

export type Payment = Read<'/api/console/payments'>['payments'][number];
export type Standing = Payment['standing'];
export type Refund = Read<'/api/console/refunds'>['refunds'][number];
export type RefundState = Refund['state'];

type Pair = readonly [zh: string, en: string];

const standings: Readonly<Record<Standing, Pair>> = {
  accepted: ['正常', 'Accepted'],
  late: ['过期后到账', 'Late'],
  matched: ['人工确认后到账', 'Confirmed by hand before'],
  unmatched: ['无对应订单', 'No such order'],
  under: ['少付', 'Too little'],
  over: ['多付', 'Too much'],
  second: ['重复付款', 'Paid twice'],
  wrong_currency: ['币种不符', 'Wrong currency'],
  after_end: ['订单已结束', 'After the end'],
  too_late: ['过期太久', 'Too late'],
  off_quote: ['与报价不符', 'Not as quoted'],
  reused: ['转账被重复使用', 'Transfer used twice'],
  check: ['回调检测', 'Callback check'],
};
export const standingNames = Object.keys(standings) as readonly Standing[];

export function standingName(standing: string, t: Translate): string {
  return Object.hasOwn(standings, standing) ? t(...standings[standing as Standing]) : standing;
}

/** Green: it paid its order. Grey: nothing to do. Red: a person must decide. */
export function standingColour(standing: Standing): string {
  if (['accepted', 'late', 'matched'].includes(standing)) return 'green';
  return standing === 'check' ? 'default' : 'red';
}

/** True if staff may give it to an order; the server decides. */
export function mayBeAssigned({ standing, refundedMinor, disputedAt }: Payment): boolean {
  return standingColour(standing) === 'red' && standing !== 'reused' && refundedMinor === 0 && disputedAt === null;
}

const verdicts: Readonly<Record<string, Pair>> = {
  accepted: ['验签通过', 'Genuine'],
  BAD_SIGNATURE: ['签名错误', 'Bad signature'],
  UNKNOWN_KEY: ['未知的平台证书', 'Unknown signer'],
  STALE: ['时间超出范围', 'Too old or too new'],
  WRONG_MERCHANT: ['不是本商户', 'Another merchant'],
  DUPLICATE_PARAMETER: ['参数重复', 'A parameter twice'],
  AMBIGUOUS: ['参数有歧义', 'Ambiguous'],
  BAD_FORMAT: ['格式不正确', 'Malformed'],
  METHOD: ['请求方式不对', 'Wrong method'],
  SECRET_MISSING: ['账户缺少密钥', 'Keys missing'],
  SIGNATURE_PROBE: ['平台的验签探测', "The provider's probe"],
};
export function verdictName(verdict: string, t: Translate): string {
  const found = verdicts[verdict];
  return found ? t(...found) : verdict;
}

const decisions: Readonly<Record<string, Pair>> = {
  accepted: ['触发发货', 'Set the order going'],
  duplicate: ['重复通知，已忽略', 'Known already'],
  waiting: ['未支付状态', 'Not paid yet'],
  closed: ['支付已关闭', 'Closed at the provider'],
  mode_mismatch: ['测试与正式混用，已拒绝', 'Test and live mixed: refused'],
  refunded: ['平台已全额退款', 'Refunded at the provider'],
  partially_refunded: ['平台已部分退款', 'Refunded in part'],
  refunded_stopped: ['平台已退款，订单已暂停', 'Refunded, order stopped'],
  disputed: ['买家拒付', 'Disputed'],
  disputed_stopped: ['买家拒付，订单已暂停', 'Disputed, order stopped'],
  refund_known: ['本系统的退款', 'Our own refund'],
  refund_asked: ['正在核对退款', 'Refund being asked about'],
  refund_trouble: ['退款异常', 'Refund in trouble'],
};
export function decisionName(decision: string | null, t: Translate): string {
  if (decision === null) return '—';
  const found = decisions[decision];
  return found ? t(...found) : standingName(decision, t);
}

const sources: Readonly<Record<string, Pair>> = {
  notify: ['平台回调', 'Notification'],
  query: ['主动查询', 'Query'],
  statement: ['每日对账', 'Daily match'],
  replay: ['重新处理', 'Replay'],
};
export function sourceName(source: string, t: Translate): string {
  const found = sources[source];
  return found ? t(...found) : source;
}

const refundStates: Readonly<Record<RefundState, Pair>> = {
  wanted: ['待提交', 'To be sent'],
  asked: ['处理中', 'Under way'],
  done: ['已退款', 'Done'],
  failed: ['失败（未退款）', 'Failed, nothing moved'],
  abnormal: ['异常，待人工处理', 'Needs a person'],
};
export const refundStateNames = Object.keys(refundStates) as readonly RefundState[];
export function refundStateName(state: RefundState, t: Translate): string {
  return t(...refundStates[state]);
}
export const refundColours: Readonly<Record<RefundState, string>> = {
  wanted: 'processing',
  asked: 'processing',
  done: 'green',
  failed: 'red',
  abnormal: 'red',
};

/** True while the provider has not said the last word. */
export const isUnderWay = ({ state }: Pick<Refund, 'state'>): boolean => state === 'wanted' || state === 'asked';

const refundCodes: Readonly<Record<string, Pair>> = {
  BY_HAND: ['该平台不支持接口退款，请线下退款后标记', 'The provider cannot refund: pay back by hand, then say so'],
  PARTIAL_BY_HAND: ['该平台不支持部分退款，请线下处理', 'The provider cannot refund a part: do it by hand'],
  UNKNOWN_OUTCOME: ['结果未知，请到平台核对', 'Unknown how it ended: look at the provider'],
  STILL_PENDING: ['平台三天仍未完成', 'Not finished after three days'],
};
export function refundCodeName(code: string | null, t: Translate): string {
  if (code === null) return '';
  const found = refundCodes[code];
  return found ? t(...found) : code.replace(/^BY_HAND: /, t('人工标记：', 'By hand: '));
}

const answers: Readonly<Record<string, Pair>> = {
  paid: ['支付平台：已支付', 'The provider says: paid'],
  unpaid: ['支付平台：未支付', 'The provider says: not paid'],
  closed: ['支付平台：交易已关闭', 'The provider says: closed'],
  refunded: ['支付平台：已退款', 'The provider says: refunded'],
  unknown: ['支付平台没有给出明确答复', 'The provider gave no clear answer'],
  cannot_ask: ['该支付平台无法查询', 'This provider cannot be asked'],
};
export function answerName(answer: string, t: Translate): string {
  const found = answers[answer];
  return found ? t(...found) : answer;
}
