/** The story with one more step, as a release may bring it: only orders that begin under it take the step (rule 14). */
import * as wf from '@temporalio/workflow';
import { deliverOrder as story } from '../../../workflows/index.ts';
import type { DeliverOrderInput } from '../../../workflows/messages.ts';

export { caseStory, importFile } from '../../../workflows/index.ts';

export async function deliverOrder(input: DeliverOrderInput): ReturnType<typeof story> {
  if (wf.patched('a-moment-first')) await wf.sleep('1 millisecond');
  return story(input);
}
