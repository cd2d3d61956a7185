/** A notice in words: which order and product, why, what to do, and where. Never a key, never a buyer's contact. */
import { errors, type ErrorCode } from '../../domain/errors.ts';

export interface NoticeWords {
  readonly kind:
    'incident' | 'digest' | 'reminder' | 'escalation' | 'stock' | 'restocked' | 'expiring' | 'test' | 'over';
  readonly code: ErrorCode;
  readonly orderNo: string | null;
  readonly sku: string | null;
  readonly productName: string | null;
  readonly mode: 'live' | 'test' | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface Message {
  readonly title: string;
  readonly lines: readonly string[];
  /** Where to act. */
  readonly link: string;
  /** For programs. */
  readonly notice: NoticeWords;
}

export type Language = 'zh' | 'en';

/** A number of the detail, or 0. */
function count(words: NoticeWords, key: string): number {
  const value = words.detail[key];
  return typeof value === 'number' ? value : 0;
}

const titles: Record<NoticeWords['kind'], (w: NoticeWords, language: Language, cause: string) => string> = {
  incident: (_w, _language, cause) => cause,
  digest: (w, l, cause) => (l === 'zh' ? `${cause}（又新增 ${count(w, 'fresh')} 单，共 ${count(w, 'open')} 单待处理）` : `${cause} (${count(w, 'fresh')} more, ${count(w, 'open')} waiting)`), // prettier-ignore
  reminder: (w, l, cause) => (l === 'zh' ? `仍未处理：${cause}（${count(w, 'open')} 单）` : `Still waiting: ${cause} (${count(w, 'open')})`), // prettier-ignore
  escalation: (w, l, cause) =>
    w.detail['rung'] === 'refund'
      ? l === 'zh' ? `建议退款：${cause}` : `Refund proposed: ${cause}`
      : l === 'zh' ? `升级给店主：${cause}` : `For the owner: ${cause}`, // prettier-ignore
  stock: (w, l) => (l === 'zh' ? `库存预警：${w.productName ?? ''} 仅剩 ${count(w, 'available')} 张` : `Low stock: ${count(w, 'available')} of ${w.productName ?? ''} left`), // prettier-ignore
  restocked: (w, l) => (l === 'zh' ? `已补货：${w.productName ?? ''}` : `Restocked: ${w.productName ?? ''}`),
  expiring: (w, l) => (l === 'zh' ? `即将过期：${w.productName ?? ''} 有 ${count(w, 'keys')} 张卡密将在 ${count(w, 'days')} 天内过期` : `Expiring: ${count(w, 'keys')} keys of ${w.productName ?? ''} within ${count(w, 'days')} days`), // prettier-ignore
  over: (_w, l, cause) => (l === 'zh' ? `已恢复：${cause}` : `Over: ${cause}`),
  test: (_w, l) => (l === 'zh' ? '这是一条测试消息' : 'This is a test message'),
};

interface Reasons {
  readonly paid: number;
  readonly failed: number;
  readonly minutes: number;
  readonly reasons: readonly { readonly code: ErrorCode; readonly count: number }[];
}

/** Of the failure-rate alarm: how many, and the main reasons. */
function rateLines(w: NoticeWords, language: Language): string[] {
  const given = w.detail['rate'] as Reasons | undefined;
  if (!given) return [];
  const zh = language === 'zh';
  const { paid, failed, minutes, reasons } = given;
  const percent = ((failed / Math.max(paid, 1)) * 100).toFixed(1);
  const list = reasons.map(({ code, count: n }) => `${errors[code][language].cause} × ${n}`).join(zh ? '；' : '; ');
  return [
    zh ? `最近 ${minutes} 分钟：${paid} 单中失败 ${failed} 单（${percent}%）` : `Last ${minutes} minutes: ${failed} of ${paid} orders failed (${percent} %)`,
    ...(list === '' ? [] : [zh ? `主要原因: ${list}` : `Main reasons: ${list}`]),
  ]; // prettier-ignore
}

function linesOf(w: NoticeWords, language: Language): string[] {
  const zh = language === 'zh';
  const { cause, next } = errors[w.code][language];
  const hours = w.detail['emptyInHours'];
  const lines: (string | false)[] = [
    w.productName !== null && `${zh ? '商品' : 'Product'}: ${w.productName} (${w.sku ?? ''})`,
    w.orderNo !== null && `${zh ? '订单' : 'Order'}: ${w.orderNo}`,
    w.kind !== 'test' && `${zh ? '原因' : 'Reason'}: ${cause}`,
    typeof hours === 'number' &&
      (zh ? `预计约 ${hours} 小时后售罄` : `Empty in about ${hours} hours at the present rate`),
    typeof w.detail['soonest'] === 'string' &&
      `${zh ? '最早到期' : 'First to expire'}: ${w.detail['soonest'].slice(0, 16).replace('T', ' ')} UTC`,
    typeof w.detail['seconds'] === 'number' &&
      `${zh ? '持续' : 'It lasted'}: ${Math.ceil(w.detail['seconds'] / 60)} ${zh ? '分钟' : 'minutes'}`,
    ...rateLines(w, language),
    w.kind === 'over'
      ? zh ? '现在恢复正常，无需处理。' : 'It is well again; nothing is to be done.' // prettier-ignore
      : w.kind === 'test'
      ? zh ? '收到本消息说明渠道工作正常。' : 'The channel works.'
      : `${zh ? '处理' : 'What to do'}: ${next}`, // prettier-ignore
  ];
  return lines.filter((line) => line !== false);
}

export function messageOf(words: NoticeWords, publicUrl: string, language: Language = 'zh'): Message {
  const { kind, code, orderNo, sku, productName, mode, detail } = words;
  const { cause } = errors[code][language];
  const test = words.mode === 'test' ? (language === 'zh' ? '【测试】' : '[TEST] ') : '';
  const path = ['stock', 'restocked', 'expiring'].includes(words.kind) ? `products/${words.sku ?? ''}` : words.orderNo ? `orders/${words.orderNo}` : 'tasks'; // prettier-ignore
  return {
    title: `${test}${titles[words.kind](words, language, cause)}`.replace(/[\r\n]+/g, ' '),
    lines: linesOf(words, language),
    link: `${publicUrl}/console/${path}`,
    notice: { kind, code, orderNo, sku, productName, mode, detail },
  };
}
