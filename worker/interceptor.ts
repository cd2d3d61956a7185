/** Around every step: its time, its log line, its sign of life, and failures without data in them. */
import type { ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { activityInfo, heartbeat } from '@temporalio/activity';
import type { Logger } from 'pino';
import { toFailure, underPolicy } from '../activities/failures.ts';
import type { DeliveryPolicy } from '../domain/policy.ts';
import type { Keyring } from '../integrations/keyring/keyring.ts';
import type { Metrics } from '../integrations/metrics.ts';

/** A step that lasts says that its worker lives; a worker that is killed is missed after `heartbeatTimeout`. */
const beatMs = 1_000;

export function stepInterceptor(log: Logger, metrics: Metrics, keyring: Keyring): ActivityInboundCallsInterceptor {
  return {
    async execute(input, next: Next<ActivityInboundCallsInterceptor, 'execute'>) {
      const { activityType: step, attempt, workflowExecution, isLocal } = activityInfo();
      const end = metrics.steps.startTimer({ step });
      const beat = isLocal ? undefined : setInterval(() => heartbeat(), beatMs);
      try {
        // Steps may run any number of times (rule 4).
        const result: unknown = await keyring.knowing(() => next(input));
        end({ result: 'ok' });
        return result;
      } catch (error) {
        end({ result: 'failed' });
        const failure = toFailure(error);
        log.warn(
          { step, attempt, workflow: workflowExecution?.workflowId, reason: failure.message, err: error },
          'step failed',
        );
        const [args] = input.args as [{ retry?: DeliveryPolicy }?];
        throw args?.retry ? underPolicy(failure, args.retry, attempt) : failure;
      } finally {
        clearInterval(beat);
      }
    },
  };
}
