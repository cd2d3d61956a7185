/** What the worker registers. */
export { deliverOrder } from './deliver-order.ts';
