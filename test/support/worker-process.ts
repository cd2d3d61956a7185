/** A worker process of its own that dies by SIGKILL at a named point: crash tests start and restart it. */
import { writeFileSync } from 'node:fs';
import { readEnvironment } from '../../integrations/environment.ts';
import { createCodec } from '../../worker/codec.ts';
import { composeProcess } from '../../worker/compose.ts';
import { createOrdersWorker } from '../../worker/create.ts';
import { createLink } from '../../worker/link.ts';
import { startLoops } from '../../worker/loops/index.ts';
import { installRuntime } from '../../worker/runtime.ts';

const environment = readEnvironment(process.env);
const dieAt = process.env['DIE_AT'];
const parts = await composeProcess(environment, 'crash-worker', {
  fault(point) {
    if (point !== dieAt) return;
    writeFileSync(process.env['DIED_FILE'] ?? '', point);
    process.kill(process.pid, 'SIGKILL');
  },
});
installRuntime(parts.log);
const dataConverter = { payloadCodecs: [createCodec(parts.steps.keyring)] };
const namespace = environment.TEMPORAL_NAMESPACE;
const link = createLink({
  address: environment.TEMPORAL_ADDRESS,
  namespace,
  dataConverter,
  log: parts.log,
  metrics: parts.metrics,
  worker: (connection) =>
    createOrdersWorker({ connection, namespace, dataConverter, steps: parts.steps, metrics: parts.metrics }),
});
startLoops(parts, link);
link.onUp(() => process.send?.('up'));
process.on('disconnect', () => process.exit(0));
