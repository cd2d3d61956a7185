/** A process of its own that re-encrypts, and tells of each page: to be killed in the middle. */
import { readEnvironment } from '../../integrations/environment.ts';
import { composeProcess } from '../../worker/compose.ts';
import { reencrypt } from '../../worker/loops/reencrypt.ts';

const parts = await composeProcess(readEnvironment(process.env), 'rotate');
process.on('disconnect', () => process.exit(0));
while (await reencrypt(parts.steps)) process.send?.('page');
process.send?.('done');
await parts.close();
process.disconnect();
