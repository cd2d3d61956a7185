/**
 * A Signal from Temporal Web UI becomes a row like any other action (rules 1 and 2). Its sender is unknown: what is not
 * harmless only notes that somebody asked for it.
 */
import { applyAction } from '../db/actions.ts';
import { noteRefusedSignal } from '../db/audit.ts';
import { actors } from '../db/locks.ts';
import { actionRules, isActionKind } from '../domain/actions.ts';
import { KnownError } from '../domain/errors.ts';
import type { ActivityDeps } from './deps.ts';

export interface SignalledAction {
  readonly id: string;
  readonly orderNo: string;
  readonly kind: string;
  readonly note: string;
}

export async function recordSignal(deps: ActivityDeps, signal: SignalledAction): Promise<void> {
  const { id, orderNo, kind } = signal;
  if (isActionKind(kind) && actionRules[kind].bySignal) {
    try {
      await applyAction(deps.pool, { id, orderNo, kind, note: signal.note.slice(0, 500), actorId: actors.temporalUi });
      return;
    } catch (error) {
      if (!(error instanceof KnownError)) throw error;
    }
  }
  await noteRefusedSignal(deps.pool, orderNo, kind.slice(0, 40));
}
