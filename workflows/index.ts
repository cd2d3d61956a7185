/** What the worker registers. */
export { deliverOrder } from './deliver-order.ts';
export { importFile } from './import-file.ts';
