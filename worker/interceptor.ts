/** Around every step: its time, its log line, and failures without data in them. */
import type { ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { activityInfo } from '@temporalio/activity';
import type { Logger } from 'pino';
import { toFailure } from '../activities/failures.ts';
import type { Metrics } from '../integrations/metrics.ts';

export function stepInterceptor(log: Logger, metrics: Metrics): ActivityInboundCallsInterceptor {
  return {
    async execute(input, next: Next<ActivityInboundCallsInterceptor, 'execute'>) {
      const { activityType: step, attempt, workflowExecution } = activityInfo();
      const end = metrics.steps.startTimer({ step });
      try {
        const result = await next(input);
        end({ result: 'ok' });
        return result;
      } catch (error) {
        end({ result: 'failed' });
        const failure = toFailure(error);
        log.warn(
          { step, attempt, workflow: workflowExecution?.workflowId, reason: failure.message, err: error },
          'step failed',
        );
        throw failure;
      }
    },
  };
}
