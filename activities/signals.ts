/**
 * A Signal from Temporal Web UI becomes a row like any other action (rules 1 and 2). Its sender is unknown: what is not
 * harmless opens a task that a signed-in person confirms.
 */
import { applyAction } from '../db/actions.ts';
import { noteRefusedSignal } from '../db/audit.ts';
import { actors } from '../db/locks.ts';
import { actionRules, isActionKind, sourcePattern } from '../domain/actions.ts';
import { KnownError } from '../domain/errors.ts';
import type { ActivityDeps } from './deps.ts';

export interface SignalledAction {
  readonly id: string;
  readonly orderNo: string;
  readonly kind: string;
  readonly note: string;
  /** Of `choose_source`. */
  readonly source?: string;
}

export async function recordSignal(deps: ActivityDeps, signal: SignalledAction): Promise<void> {
  const { id, orderNo, source } = signal;
  const [kind, note] = [plain(signal.kind, 40), plain(signal.note, 500)];
  if (isActionKind(kind) && actionRules[kind].bySignal && (source === undefined || sourcePattern.test(source))) {
    try {
      const action = { id, orderNo, kind, note, actorId: actors.temporalUi };
      await applyAction(deps.pool, source === undefined ? action : { ...action, source });
      return;
    } catch (error) {
      if (!(error instanceof KnownError)) throw error;
    }
  }
  await noteRefusedSignal(deps.pool, orderNo, kind, note);
}

/** Typed by anybody: PostgreSQL takes no NUL and no half of a pair. */
function plain(text: string, length: number): string {
  return Buffer.from(text.replaceAll('\0', '').slice(0, length)).toString('utf8');
}
