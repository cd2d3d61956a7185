/** The loops of a worker in a process of their own, without Temporal: to be killed in the middle of their work. */
import { readEnvironment } from '../../integrations/environment.ts';
import { composeProcess } from '../../worker/compose.ts';
import type { TemporalLink } from '../../worker/link.ts';
import { startLoops } from '../../worker/loops/index.ts';

const parts = await composeProcess(readEnvironment(process.env), 'loops');
const away: TemporalLink = { up: false, client: undefined, onUp: () => undefined, stop: () => Promise.resolve() };
startLoops(parts, away);
process.send?.('up');
process.on('disconnect', () => process.exit(0));
