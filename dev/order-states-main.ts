/** Writes docs/order-states.md. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { orderStatesPage } from './order-states.ts';

writeFileSync(path.join(import.meta.dirname, '..', 'docs', 'order-states.md'), orderStatesPage());
