/** What is specific of a log entry, in words: why, a change as before → after, and the facts with their names. */
import type { ReactNode } from 'react';
import { useT, type Translate } from '../i18n.tsx';
import { problemName } from './purchase-words.tsx';
import { ReasonText, orderStateNames, stateName, type OrderState, type Reason } from './status.tsx';

/** Names of facts; those that are ids get a "#". */
const names: Readonly<Record<string, readonly [zh: string, en: string, id?: true]>> = {
  account: ['收款账户', 'account', true],
  added: ['新增', 'added'],
  amount: ['金额（最小单位）', 'amount (minor units)'],
  attempt: ['第几次', 'attempt'],
  batch: ['批次', 'batch', true],
  card: ['卡密', 'key', true],
  cards: ['卡密数', 'keys'],
  case: ['售后', 'case', true],
  channel: ['渠道', 'channel', true],
  day: ['日期', 'day'],
  days: ['天数', 'days'],
  disabled: ['停用', 'disabled'],
  discarded: ['作废', 'discarded'],
  downloads: ['下载次数', 'downloads'],
  enabled: ['启用', 'on'],
  evidence: ['依据', 'evidence'],
  export: ['导出', 'export', true],
  fields: ['字段', 'fields'],
  for_order: ['用于本单', 'for this order'],
  from: ['来自', 'from'],
  import: ['导入', 'import', true],
  intact: ['完整', 'intact'],
  key: ['密钥', 'key', true],
  kind: ['类型', 'kind'],
  label: ['备注', 'label'],
  left: ['剩余', 'left'],
  line: ['行', 'line'],
  login: ['账号', 'login'],
  mode: ['模式', 'mode'],
  name: ['名称', 'name'],
  newSecret: ['更换密钥', 'new secret'],
  note: ['备注', 'note'],
  on: ['开启', 'on'],
  outcome: ['结果', 'outcome'],
  payment: ['付款', 'payment', true],
  policy: ['重试', 'retries'],
  pool: ['卡密池', 'pool'],
  problem: ['问题', 'problem'],
  problems: ['问题', 'problems'],
  product: ['商品', 'product', true],
  products: ['商品数', 'products'],
  purchase: ['采购', 'purchase', true],
  quarantine: ['隔离', 'quarantine'],
  queued: ['排队', 'queued'],
  reason: ['原因', 'reason'],
  ref: ['编号', 'number'],
  refund: ['退款', 'refund', true],
  rights: ['权限', 'rights'],
  ring: ['密钥环', 'ring'],
  role: ['角色', 'role'],
  rule: ['规则', 'rule'],
  rules: ['规则数', 'rules'],
  rows: ['条数', 'rows'],
  sessions: ['会话', 'sessions'],
  shop: ['店铺', 'shop', true],
  signed: ['签名链接', 'signed link'],
  source: ['来源', 'source'],
  sources: ['货源', 'sources'],
  staff: ['员工', 'person', true],
  standing: ['认定', 'standing'],
  state: ['状态', 'state'],
  stopped: ['已停止', 'stopped'],
  store: ['存储', 'store', true],
  supplier: ['供应商', 'supplier', true],
  template: ['模板', 'template', true],
  to: ['改为', 'to'],
  trigger: ['触发条件', 'trigger'],
  version: ['版本', 'version'],
};
const values: Readonly<Record<string, readonly [zh: string, en: string]>> = {
  mail: ['邮件', 'mail'],
  webhook: ['店铺回调', 'webhook'],
  trouble: ['延迟告知邮件', 'mail about the delay'],
  sent: ['已送达', 'sent'],
  failed: ['失败', 'failed'],
  pending: ['发送中', 'pending'],
  live: ['正式', 'live'],
  rule: ['例外规则', 'exception rule'],
  test: ['测试', 'test'],
  accepted: ['正常', 'accepted'],
  late: ['过期后到账', 'late'],
  under: ['少付', 'under'],
  over: ['多付', 'over'],
  second: ['重复付款', 'second'],
  unmatched: ['无对应订单', 'unmatched'],
  card: ['卡密', 'goods'],
  contact: ['联系方式', 'contacts'],
  owner: ['店主', 'owner'],
  staff: ['客服', 'staff'],
  buyer: ['买家', 'buyer'],
  refund: ['退款', 'refund'],
  support: ['客服', 'support'],
  warehouse: ['仓管', 'stock keeper'],
  viewer: ['只读', 'viewer'],
  custom: ['自定义', 'custom'],
  provider: ['支付平台', 'provider'],
  first: ['优先', 'first'],
  last: ['最后', 'last'],
  never: ['不用', 'never'],
  bad_key: ['卡密异常', 'bad key'],
  invoice: ['需要发票', 'invoice'],
  chargeback: ['拒付争议', 'chargeback'],
  payment: ['付款异常', 'odd payment'],
  other: ['其他', 'other'],
  cards: ['卡密', 'keys'],
  products: ['商品', 'products'],
};
/** Ids that only machines need, and what stands in words beside it. */
const silent = new Set(['action', 'message', 'task', 'code']);

function plain(value: unknown, t: Translate): string {
  if (value === null || value === undefined || value === '') return '—';
  if (typeof value === 'boolean') return value ? t('是', 'yes') : t('否', 'no');
  if (typeof value === 'string') {
    if ((orderStateNames as readonly string[]).includes(value)) return stateName(value as OrderState, t);
    const known = values[value];
    return known ? t(...known) : value;
  }
  if (Array.isArray(value)) return value.map((one) => plain(one, t)).join('、') || '—';
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([key, one]) => `${label(key, t).name} ${key === 'problem' ? problemName(String(one), t) : plain(one, t)}`)
      .join(' ');
  return JSON.stringify(value);
}

function label(key: string, t: Translate): { name: string; id: boolean } {
  const known = names[key];
  return known ? { name: t(known[0], known[1]), id: known[2] === true } : { name: key, id: false };
}

function changesOf(detail: Record<string, unknown>): { key: string; from: unknown; to: unknown }[] {
  const { before, after, changes } = detail as Record<string, Record<string, unknown> | undefined>;
  if (changes && typeof changes === 'object') {
    return Object.entries(changes as Record<string, { from?: unknown; to?: unknown } | null>).map(([key, change]) => ({
      key,
      from: change?.from,
      to: change?.to,
    }));
  }
  if (!before || !after) return [];
  return Object.keys(after)
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => ({ key, from: before[key], to: after[key] }));
}

export function Detail({ value, reason }: { readonly value: unknown; readonly reason?: Reason | null }): ReactNode {
  const t = useT();
  if (typeof value !== 'object' || value === null) return null;
  const detail = value as Record<string, unknown>;
  const { from, to } = detail;
  const moved = typeof from === 'string' && typeof to === 'string';
  const facts = Object.entries(detail).filter(
    ([key, v]) =>
      v !== null &&
      v !== '' &&
      !silent.has(key) &&
      !['before', 'after', 'changes'].includes(key) &&
      !(moved && (key === 'from' || key === 'to')),
  );
  return (
    <span className="small">
      {reason && (
        <div>
          <ReasonText reason={reason} />
        </div>
      )}
      {moved && (
        <span>
          {plain(from, t)} → {plain(to, t)}{' '}
        </span>
      )}
      {facts.map(([key, v]) => {
        const { name, id } = label(key, t);
        return (
          <span key={key} className="fact">
            <span className="mute">{name}</span> {id && typeof v === 'number' ? `#${v}` : plain(v, t)}
          </span>
        );
      })}
      {changesOf(detail).map((change) => (
        <div key={change.key}>
          <span className="mute">{label(change.key, t).name}</span> {plain(change.from, t)} → {plain(change.to, t)}
        </div>
      ))}
    </span>
  );
}
