/** The story with a step that its recorded histories do not have: what an incompatible change looks like. */
import * as wf from '@temporalio/workflow';
import { deliverOrder as story } from '../../../workflows/index.ts';
import type { DeliverOrderInput } from '../../../workflows/messages.ts';

export async function deliverOrder(input: DeliverOrderInput): ReturnType<typeof story> {
  await wf.sleep('1 second');
  return story(input);
}
