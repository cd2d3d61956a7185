import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { SignalledAction } from '../../activities/signals.ts';
import type { Outcome } from '../../activities/outcome.ts';
import { apply, staffAction } from '../../workflows/messages.ts';
import { timeSkipping } from '../support/services.ts';
import { playStory } from '../support/story.ts';

const waiting: Outcome = { next: 'wait', state: 'attention', code: 'UNEXPECTED', forMs: 3_300_000 };
const end: Outcome = { next: 'end', state: 'delivered' };

describe('what people type into Temporal Web UI', function () {
  this.timeout(60_000);
  let env: TestWorkflowEnvironment;

  before(async () => {
    env = await timeSkipping();
  });

  it('rule 2: a Signal with anything in it is written down as far as it can be read, and ends no story', async () => {
    const kept: Omit<SignalledAction, 'id'>[] = [];
    const steps = {
      advance: () => Promise.resolve(kept.length < 3 ? waiting : end),
      recordSignal({ kind, note, orderNo, source }: SignalledAction) {
        kept.push({ kind, note, orderNo, ...(source !== undefined && { source }) });
        return Promise.resolve();
      },
    };
    await playStory(env, steps, async (handle) => {
      await handle.signal<unknown[]>('staffAction');
      await handle.signal<unknown[]>('staffAction', { kind: 5, note: { a: 1 }, source: [] });
      await handle.signal(staffAction, { kind: 'choose_source', note: '换一家', source: 'pool' });
      assert.deepEqual(await handle.result(), { state: 'delivered' });
    });
    assert.deepEqual(
      kept.map(({ kind, note, source }) => [kind, note, source]),
      [
        ['', '', undefined],
        ['', '', undefined],
        ['choose_source', '换一家', 'pool'],
      ],
    );
  });

  it('rule 1: an Update without the id of an action is refused, and leaves the story as it was', async () => {
    let looks = 0;
    await playStory(env, { advance: () => Promise.resolve(++looks < 2 ? waiting : end) }, async (handle) => {
      for (const args of [{}, { actionId: 'retry' }] as unknown as { actionId: string }[]) {
        await assert.rejects(handle.executeUpdate(apply, { args: [args] }), WorkflowUpdateFailedError);
      }
      const answer = await handle.executeUpdate(apply, { args: [{ actionId: randomUUID() }] });
      assert.deepEqual(answer, { state: 'delivered' });
      await handle.result();
    });
    assert.equal(looks, 2);
  });
});
