/** A worker process of its own that dies or stands still at a named point (`processes.ts` starts it). */
import { writeFileSync } from 'node:fs';
import { readEnvironment } from '../../integrations/environment.ts';
import { createCodec } from '../../worker/codec.ts';
import { composeProcess } from '../../worker/compose.ts';
import { createAllWorkers } from '../../worker/create.ts';
import { createLink } from '../../worker/link.ts';
import { startLoops } from '../../worker/loops/index.ts';
import { installRuntime } from '../../worker/runtime.ts';

const environment = readEnvironment(process.env);
const faultAt = process.env['FAULT_AT'];
let struck = false;
const parts = await composeProcess(environment, 'crash-worker', {
  fault(point) {
    if (point !== faultAt || struck) return;
    struck = true;
    writeFileSync(process.env['FAULT_FILE'] ?? '', point);
    process.kill(process.pid, process.env['FAULT_SIGNAL']);
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
    createAllWorkers({ connection, namespace, dataConverter, steps: parts.steps, metrics: parts.metrics }),
});
startLoops(parts, link);
link.onUp(() => process.send?.('up'));
process.on('disconnect', () => process.exit(0));
