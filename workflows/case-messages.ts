/** What may be said to the story of a case. */
import { defineSignal } from '@temporalio/workflow';

/** Something changed in PostgreSQL: read it again. Has no content. */
export const caseChanged = defineSignal('caseChanged');
