/** What people see of an order in Temporal Web UI: the label of its timer, its current details, its search attributes. */
import * as wf from '@temporalio/workflow';
import type { Outcome } from '../activities/outcome.ts';
import { errors, inWords, type ErrorCode } from '../domain/errors.ts';
import type { OrderState } from '../domain/order.ts';
import type { DeliveryPolicy } from '../domain/policy.ts';
import { failureCodeKey, orderStateKey } from './messages.ts';

type Wait = Extract<Outcome, { next: 'wait' }>;
/** That an order waits and why, or (with code null) that it does no longer. */
export type Shown = Wait | { readonly state: OrderState; readonly code: null };

const rungWords = {
  owner: '升级给店主 / told to the owner',
  buyer: '告知买家 / told to the buyer',
  refund: '建议退款 / refund proposed',
} as const;

function waitingFor(state: OrderState): string {
  if (state === 'paid') return '等待供应商';
  return state === 'waiting_stock' ? '等待补货' : state === 'waiting_confirmation' ? '等待已确认' : '等待人工处理';
}

/** The ladder's next deadline. It is a row; whatever becomes of this timer, the ladder goes on. */
function deadlineOf({ rung, at }: Wait): string {
  return rung && at ? `；${at} ${rungWords[rung]}` : '';
}

/** The label of the timer of a wait. */
export function labelOf(wait: Wait): string {
  return `${waitingFor(wait.state)}：${inWords(wait.code)}${deadlineOf(wait)}`.slice(0, 200);
}

/** `before` is what was shown last: an order that waits looks again many times, and its history gets only what changed. */
export function showTrouble(shown: Shown, before?: Shown): void {
  wf.setCurrentDetails(shown.code === null ? '' : detailsOf(shown));
  if (before?.state === shown.state && before.code === shown.code && wf.patched('trouble-shown-once')) return;
  wf.upsertSearchAttributes([
    { key: orderStateKey, value: shown.state },
    { key: failureCodeKey, value: shown.code satisfies ErrorCode | null },
  ]);
}

/** Markdown, for the page of the workflow. */
function detailsOf(wait: Wait): string {
  const { zh, en } = errors[wait.code];
  return [`**${inWords(wait.code)}**`, `${waitingFor(wait.state)}${deadlineOf(wait)}`, zh.next, en.next].join('\n\n');
}

/** How a step that begins now is tried again; the activity itself shows attempt, reason and next try. */
export function showRetries({ retries, intervalMs }: DeliveryPolicy): void {
  const seconds = Math.round(intervalMs / 1000);
  wf.setCurrentDetails(
    `失败后自动重试 ${retries} 次，间隔 ${seconds} 秒 / retried ${retries} times on failure, ${seconds} s apart`,
  );
}
