/**
 * The API process. It listens before Temporal is reachable: notifications need PostgreSQL alone. A worker inside it,
 * on the same connection as the client, lets orders start at once (eager start).
 */
import http from 'node:http';
import { readEnvironment } from '../integrations/environment.ts';
import { createCodec } from '../worker/codec.ts';
import { composeProcess } from '../worker/compose.ts';
import { createOrdersWorker } from '../worker/create.ts';
import { createHeadStart } from '../worker/head-start.ts';
import { createLink } from '../worker/link.ts';
import { exitOnTrouble, onStop } from '../worker/process-end.ts';
import { installRuntime } from '../worker/runtime.ts';
import { createStarter } from '../worker/starter.ts';
import { createApp } from './app.ts';

const environment = exitOnTrouble(() => readEnvironment(process.env));
const parts = await composeProcess(environment, 'api').catch(exitOnTrouble.of);
const { log, metrics, pool, steps } = parts;
installRuntime(log);

const codec = createCodec(steps.keyring);
const dataConverter = { payloadCodecs: [codec] };
const namespace = environment.TEMPORAL_NAMESPACE;
const headStart = environment.WORKER_IN_API ? createHeadStart(steps, log) : undefined;
const link = createLink({
  address: environment.TEMPORAL_ADDRESS,
  namespace,
  dataConverter,
  log,
  metrics,
  ...(headStart && {
    worker: (connection) => createOrdersWorker({ connection, namespace, dataConverter, steps, metrics, headStart }),
  }),
});
const starter = createStarter(link, pool, log, metrics, headStart);
const app = createApp({ ...steps, environment, metrics, temporal: starter, codec });

const server = http.createServer({ keepAliveTimeout: 65_000, requestTimeout: 30_000 }, app);
const admin = http.createServer((request, response) => {
  if (request.url !== '/metrics') {
    response.statusCode = 404;
    response.end();
    return;
  }
  void metrics.registry.metrics().then((text) => {
    response.setHeader('content-type', metrics.registry.contentType);
    response.end(text);
  });
});

function listen(which: http.Server, port: number, host: string, variable: string): void {
  which.on('error', (error) => {
    log.fatal({ err: error }, `端口无法使用 / the port cannot be used: ${port}; change it with ${variable}`);
    process.exit(1);
  });
  which.listen(port, host);
}
listen(server, environment.PORT, environment.HOST, 'PORT');
listen(admin, environment.API_ADMIN_PORT, environment.ADMIN_HOST, 'API_ADMIN_PORT');

onStop(log, async () => {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  admin.close();
  admin.closeAllConnections();
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 10_000))]);
  await starter.drain();
  await link.stop();
  await parts.close();
});
log.info({ port: environment.PORT }, 'api listening');
