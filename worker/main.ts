/** The worker process: runs orders, and the loops beside them. */
import http from 'node:http';
import { readEnvironment } from '../integrations/environment.ts';
import { createCodec } from './codec.ts';
import { composeProcess } from './compose.ts';
import { createAllWorkers } from './create.ts';
import { createLink, temporalAnswers } from './link.ts';
import { startLoops } from './loops/index.ts';
import { exitOnTrouble, onStop } from './process-end.ts';
import { installRuntime } from './runtime.ts';

const environment = exitOnTrouble(() => readEnvironment(process.env));
const parts = await composeProcess(environment, 'worker').catch(exitOnTrouble.of);
installRuntime(parts.log);

const dataConverter = { payloadCodecs: [createCodec(parts.steps.keyring)] };
const link = createLink({
  address: environment.TEMPORAL_ADDRESS,
  namespace: environment.TEMPORAL_NAMESPACE,
  dataConverter,
  log: parts.log,
  metrics: parts.metrics,
  worker: (connection) =>
    createAllWorkers({
      connection,
      namespace: environment.TEMPORAL_NAMESPACE,
      dataConverter,
      steps: parts.steps,
      metrics: parts.metrics,
    }),
});
const loops = startLoops(parts, link);

// For supervisors and Prometheus, on the private address.
const admin = http
  .createServer((request, response) => {
    if (request.url === '/metrics') {
      void parts.metrics.registry.metrics().then((text) => {
        response.setHeader('content-type', parts.metrics.registry.contentType);
        response.end(text);
      });
    } else if (request.url === '/healthz') response.end('ok');
    else if (request.url === '/readyz') {
      void temporalAnswers(link).then((answers) => {
        response.statusCode = answers ? 200 : 503;
        response.end(answers ? 'ok' : 'temporal down');
      });
    } else {
      response.statusCode = 404;
      response.end();
    }
  })
  .listen(environment.WORKER_ADMIN_PORT, environment.ADMIN_HOST);
admin.on('error', (error) => {
  parts.log.fatal({ err: error }, `WORKER_ADMIN_PORT ${environment.WORKER_ADMIN_PORT} cannot be used`);
  process.exit(1);
});

onStop(parts.log, async () => {
  admin.close();
  admin.closeAllConnections();
  await loops.stop();
  await link.stop();
  await parts.close();
});
parts.log.info('worker ready');
