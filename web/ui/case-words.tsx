/** The words of cases: kinds, states, outcomes, and the clock. */
import { Tag } from 'antd';
import type { ReactNode } from 'react';
import type { Read } from '../api/routes.ts';
import { useI18n, useT, type Translate } from '../i18n.tsx';
import { duration } from './format.tsx';

export type Whole = Read<'/api/console/cases/:no'>;
export type Case = Read<'/api/console/cases'>['cases'][number];
export type Decision = Whole['decisions'][number];

export const caseKindNames = ['bad_key', 'invoice', 'chargeback', 'payment', 'other'] as const;

export function caseKindName(kind: Case['kind'], t: Translate): string {
  const names: Record<Case['kind'], string> = {
    bad_key: t('卡密异常', 'Bad key'),
    invoice: t('需要发票', 'Invoice'),
    chargeback: t('拒付争议', 'Chargeback'),
    payment: t('付款异常', 'Odd payment'),
    other: t('其他', 'Other'),
  };
  return names[kind];
}

export function sourceName(source: string, t: Translate): string {
  const names: Record<string, string> = {
    buyer: t('买家提交', 'by the buyer'),
    staff: t('客服新建', 'by staff'),
    provider: t('支付平台', 'by the payment provider'),
    rule: t('异常规则', 'by a rule'),
    system: t('系统', 'by the system'),
  };
  return names[source] ?? source;
}

export function outcomeName(outcome: string, t: Translate): string {
  const names: Record<string, string> = {
    replaced: t('已换卡', 'Replaced'),
    refunded: t('已退款', 'Refunded'),
    answered: t('已答复', 'Answered'),
    invoiced: t('已开票', 'Invoiced'),
    noted: t('已了结', 'Noted'),
    refused: t('已拒绝', 'Refused'),
  };
  return names[outcome] ?? outcome;
}

export function CaseState({ of: c }: { readonly of: Pick<Case, 'state' | 'outcome'> }): ReactNode {
  const t = useT();
  if (c.outcome !== null) {
    return <Tag color={c.state === 'refused' ? 'default' : 'green'}>{outcomeName(c.outcome, t)}</Tag>;
  }
  if (c.state === 'asked') return <Tag color="gold">{t('等买家回复', 'Buyer asked')}</Tag>;
  if (c.state === 'working') return <Tag color="processing">{t('处理中', 'Being done')}</Tag>;
  return <Tag color="red">{t('待处理', 'Open')}</Tag>;
}

/** What is left until the case is due; it stands still while the buyer is asked. */
export function Clock({ of: c, now }: { readonly of: Case; readonly now: number }): ReactNode {
  const { t, language } = useI18n();
  if (c.closedAt !== null) return '—';
  if (c.dueAt === null) return <Tag>{t('计时暂停', 'Clock stopped')}</Tag>;
  const left = new Date(c.dueAt).getTime() - now;
  if (left <= 0) return <Tag color="red">{t(`已超时 ${duration(-left, language)}`, `${duration(-left, language)} late`)}</Tag>; // prettier-ignore
  return <Tag color={left < 3_600_000 ? 'orange' : 'default'}>{t(`剩 ${duration(left, language)}`, `${duration(left, language)} left`)}</Tag>; // prettier-ignore
}

export function decisionText(decision: Decision, t: Translate): { label: string; what: string } {
  const texts: Record<Decision, { label: string; what: string }> = {
    replace: {
      label: t('换卡', 'Replace'),
      what: t('从卡密池取新卡给买家，旧卡作废，并发邮件通知。', 'Fresh keys from the pool; the old ones are void; a mail goes.'), // prettier-ignore
    },
    refund: {
      label: t('退款', 'Refund'),
      what: t('原路退回；款项真正退回后工单才会结束。已发出的卡密不会再次出售。', 'By the way it came; the case ends when the money has really moved. Sold keys never return to sale.'), // prettier-ignore
    },
    refuse: {
      label: t('拒绝', 'Refuse'),
      what: t('不予处理，请告诉买家原因。', 'Nothing is done; tell the buyer why.'),
    },
    answer: { label: t('答复并结束', 'Answer and close'), what: t('把答复发给买家，工单结束。', 'The answer goes to the buyer; the case ends.') }, // prettier-ignore
    invoice: { label: t('已开票', 'Invoiced'), what: t('发票已另行开具并发出，工单结束。', 'The invoice was made and sent; the case ends.') }, // prettier-ignore
    note: { label: t('无需处理', 'Nothing to do'), what: t('只做记录，工单结束。', 'Only kept in the books; the case ends.') }, // prettier-ignore
  };
  return texts[decision];
}
