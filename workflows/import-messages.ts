/** What may be said to a running import. */
import { defineSignal } from '@temporalio/workflow';

export interface ImportFileInput {
  readonly importId: number;
}

/** Its row has changed: read it again. Has no content, so it can be sent any number of times (rule 1). */
export const importChanged = defineSignal('importChanged');
