/**
 * The story of a case: it outlives the order's, which is closed and takes no messages. PostgreSQL decides; this waits for
 * people, minds the clock, and carries decisions out.
 */
import * as wf from '@temporalio/workflow';
import type { Activities, CaseActivities } from '../activities/index.ts';
import { caseChanged } from './case-messages.ts';
import { infrastructure, messages as messagePolicy } from './policies.ts';

const steps = wf.proxyActivities<CaseActivities & Pick<Activities, 'giveUpMessage'>>(infrastructure);
const tell = wf.proxyActivities<Pick<Activities, 'sendMail'>>(messagePolicy);

export async function caseStory({ caseId, caseNo }: { caseId: number; caseNo: string }): Promise<{ state: string }> {
  let asked = 0;
  wf.setHandler(
    caseChanged,
    () => {
      asked++;
    },
    { description: 'Something changed in PostgreSQL: read it again' },
  );
  for (;;) {
    const covers = asked;
    const look = await steps.lookAtCase.executeWithOptions({ summary: `查看 ${caseNo}` }, [{ caseId }]);
    if (look.next === 'end') return { state: look.state };
    if (look.next === 'do') {
      const done = await steps.carryOutCase.executeWithOptions({ summary: `处理 ${caseNo}` }, [
        { actionId: look.actionId },
      ]);
      if (done.messageId !== null) await sendMail(done.messageId);
      if (done.waitMs === null) continue;
      await wf.condition(() => asked > covers, done.waitMs, { summary: '等待退款完成' });
      continue;
    }
    await wf.condition(() => asked > covers, look.forMs, { summary: '等待处理，直到时限' });
  }
}

async function sendMail(messageId: number): Promise<void> {
  try {
    await tell.sendMail.executeWithOptions({ summary: '邮件给买家' }, [{ messageId }]);
  } catch {
    await steps.giveUpMessage({ messageId });
  }
}
