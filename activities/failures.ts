/**
 * What goes wrong in a step, as Temporal shall see it: a type that decides about retries, a code of the catalogue, and
 * words without any data. The original error goes to the log only, because failures stay in history and Web UI.
 */
import { ApplicationFailure } from '@temporalio/activity';
import { KeyringError } from '../integrations/keyring/kek.ts';
import { isInfrastructure } from '../db/sql.ts';
import { inWords, isErrorCode, KnownError, type ErrorCode } from '../domain/errors.ts';
import { delivery, infrastructureTrouble } from '../domain/failure-types.ts';
import { retryingOf, type DeliveryPolicy } from '../domain/policy.ts';

/** A step of delivery failed for a reason that its own policy may cure by trying again. */
export function deliveryFailure(code: ErrorCode, retryable = true): ApplicationFailure {
  return ApplicationFailure.create({
    type: delivery,
    message: inWords(code),
    details: [code],
    nonRetryable: !retryable,
    category: 'BENIGN',
  });
}

/** The failure that stands for any error of a step. */
export function toFailure(error: unknown): Error {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof KnownError) return deliveryFailure(error.code, false);
  // Ciphertext never goes out: the order waits for people, who look at the master key.
  if (error instanceof KeyringError) return deliveryFailure('KEY_UNREADABLE');
  if (isInfrastructure(error)) {
    return ApplicationFailure.create({
      type: infrastructureTrouble,
      message: inWords('DATABASE_TROUBLE'),
      details: ['DATABASE_TROUBLE'],
    });
  }
  const kind = error instanceof Error ? error.name : typeof error;
  return ApplicationFailure.create({
    type: 'UNEXPECTED',
    message: `${inWords('UNEXPECTED')} (${kind})`,
    details: ['UNEXPECTED'],
  });
}

/**
 * The failure of try number `attempt` under an order's policy: whether and when the step comes again is said by the
 * failure itself, per kind. So the policy's first interval can stay short, and what was lost with its worker, which says
 * nothing, is tried again at once.
 */
export function underPolicy(failure: Error, policy: DeliveryPolicy, attempt: number): Error {
  if (!(failure instanceof ApplicationFailure) || failure.type === infrastructureTrouble) return failure;
  const code: unknown = failure.details?.[0];
  const { retries, intervalMs } = retryingOf(policy, isErrorCode(code) ? code : 'UNEXPECTED');
  return ApplicationFailure.create({
    type: failure.type ?? delivery,
    message: failure.message,
    details: failure.details ?? [],
    category: failure.category ?? 'BENIGN',
    nonRetryable: failure.nonRetryable === true || attempt > retries,
    nextRetryDelay: intervalMs,
  });
}
