/** The words of purchases: where one stands, what is wrong with what came, what the evidence means. */
import { Tag } from 'antd';
import type { ReactNode } from 'react';
import type { Read } from '../api/routes.ts';
import { useT, type Translate } from '../i18n.tsx';

export type Purchase = Read<'/api/console/purchases'>['purchases'][number];

const colours: Record<Purchase['state'], string> = {
  planned: 'default',
  placing: 'processing',
  accepted: 'processing',
  unknown: 'red',
  review: 'orange',
  delivered: 'green',
  refused: 'default',
  absent: 'default',
};

export function purchaseStateName(state: Purchase['state'], t: Translate): string {
  const names: Record<Purchase['state'], string> = {
    planned: t('待采购', 'Planned'),
    placing: t('采购中', 'On the wire'),
    accepted: t('等供应商发货', 'Accepted'),
    unknown: t('结果不明', 'Unknown'),
    review: t('内容待审核', 'To be looked at'),
    delivered: t('已到货', 'Delivered'),
    refused: t('未成交', 'Refused'),
    absent: t('未下单', 'Never arrived'),
  };
  return names[state];
}

export function PurchaseState({ state }: { readonly state: Purchase['state'] }): ReactNode {
  const t = useT();
  return <Tag color={colours[state]}>{purchaseStateName(state, t)}</Tag>;
}

export function problemName(problem: string, t: Translate): string {
  const names: Record<string, string> = {
    shape: t('不像卡密', 'does not look like a key'),
    sentence: t('是一句话，不是卡密', 'is a sentence, no key'),
    repeated: t('同一批中重复', 'twice in one delivery'),
    seen: t('以前出现过', 'was ours before'),
    count: t('数量不符', 'not the number that was ordered'),
  };
  return names[problem] ?? problem;
}

/** What is known of a call whose end is not. */
export function evidenceText(evidence: string | null, t: Translate): string {
  if (evidence === null) return '';
  if (evidence.startsWith('SAID: ')) return t(`供应商回复：${evidence.slice(6)}`, `It said: ${evidence.slice(6)}`);
  if (evidence.startsWith('HTTP_')) return t(`接口返回 HTTP ${evidence.slice(5)}`, `HTTP ${evidence.slice(5)}`);
  const names: Record<string, string> = {
    TIMEOUT: t('请求已发出，等待回复超时', 'sent, and no answer in time'),
    BROKEN: t('连接中断，回复不完整', 'the connection broke'),
    CONNECT: t('连接中断', 'the connection broke'),
    REDIRECT: t('接口要求跳转', 'it wanted a redirect'),
    TOO_LARGE: t('回复过大', 'too large an answer'),
    NO_JSON: t('回复不是接口数据（可能是防火墙页面）', 'no answer of the interface, perhaps a page of a firewall'),
    INCOMPLETE: t('回复不完整', 'an incomplete answer'),
    DUPLICATE: t('供应商称编号已存在（可能已售出）', 'it says that the number exists: perhaps sold'),
    WORKER_LOST: t('采购进程中断', 'the process that bought was lost'),
    NOT_FOUND: t('供应商查无此单', 'the supplier knows no such order'),
    SAID_BY_PERSON: t('人工确认未售出', 'a person said: not sold'),
    STATE: t('供应商返回未知状态', 'a state that is not known'),
  };
  return names[evidence] ?? evidence;
}
