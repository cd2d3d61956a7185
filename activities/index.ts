/** The steps of the stories, bound to what they work with. */
import type { ErrorCode } from '../domain/errors.ts';
import type { DeliveryPolicy } from '../domain/policy.ts';
import { advance, handOver } from './advance.ts';
import { carryOutCase, lookAtCase, type CaseNext } from './cases.ts';
import { confirmPayment } from './confirm.ts';
import type { ActivityDeps } from './deps.ts';
import { advanceImport, type ImportOutcome } from './imports.ts';
import { purchase } from './purchase.ts';
import { recordSignal, type SignalledAction } from './signals.ts';
import { giveUpMessage, sendMail, sendWebhook } from './tell.ts';
import type { Outcome } from './outcome.ts';

type OrderRef = { readonly orderId: number };
/** Steps of delivery know their order's policy: it decides whether and when a failure comes again. */
type UnderPolicy = { readonly retry?: DeliveryPolicy };
type MessageRef = { readonly messageId: number };

/** Arguments are ids, codes and notes only: they stand in Temporal's history (rule 2). */
export interface Activities {
  advance(args: OrderRef & UnderPolicy): Promise<Outcome>;
  confirmPayment(args: OrderRef & UnderPolicy): Promise<Outcome>;
  purchase(args: OrderRef & UnderPolicy & { readonly source: string }): Promise<Outcome>;
  handOver(args: OrderRef & { readonly code: ErrorCode }): Promise<Outcome>;
  recordSignal(args: SignalledAction): Promise<void>;
  sendMail(args: MessageRef): Promise<void>;
  sendWebhook(args: MessageRef): Promise<void>;
  giveUpMessage(args: MessageRef & { readonly code?: ErrorCode }): Promise<void>;
}

/** Steps of cases, on the queue of orders. */
export interface CaseActivities {
  lookAtCase(args: { readonly caseId: number }): Promise<CaseNext>;
  carryOutCase(args: { readonly actionId: string }): Promise<{ messageId: number | null; waitMs: number | null }>;
}

export function createCaseActivities(deps: ActivityDeps): CaseActivities {
  return {
    lookAtCase: ({ caseId }) => lookAtCase(deps, caseId),
    carryOutCase: ({ actionId }) => carryOutCase(deps, actionId),
  };
}

/** Steps of imports run on a queue of their own, so that a million lines never stand before an order. */
export interface ImportActivities {
  advanceImport(args: { readonly importId: number }): Promise<ImportOutcome>;
}

export function createImportActivities(deps: ActivityDeps): ImportActivities {
  return { advanceImport: ({ importId }) => advanceImport(deps, importId) };
}

export function createActivities(deps: ActivityDeps): Activities {
  return {
    advance: ({ orderId }) => advance(deps, orderId),
    confirmPayment: ({ orderId }) => confirmPayment(deps, orderId),
    purchase: ({ orderId, source }) => purchase(deps, orderId, source),
    handOver: ({ orderId, code }) => handOver(deps, orderId, code),
    recordSignal: (signal) => recordSignal(deps, signal),
    sendMail: ({ messageId }) => sendMail(deps, messageId),
    sendWebhook: ({ messageId }) => sendWebhook(deps, messageId),
    giveUpMessage: ({ messageId, code }) => giveUpMessage(deps, messageId, code),
  };
}
