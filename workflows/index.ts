/** What the worker registers. */
export { caseStory } from './case.ts';
export { deliverOrder } from './deliver-order.ts';
export { importFile } from './import-file.ts';
