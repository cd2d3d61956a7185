/** An API process that takes a notification in, commits, and dies by SIGKILL before it can answer. */
import http from 'node:http';
import { createApp } from '../../api/app.ts';
import { readEnvironment } from '../../integrations/environment.ts';
import { createCodec } from '../../worker/codec.ts';
import { composeProcess } from '../../worker/compose.ts';

const environment = readEnvironment(process.env);
const { steps, metrics } = await composeProcess(environment, 'dying-api');
const app = createApp({
  ...steps,
  environment,
  metrics,
  codec: createCodec(steps.keyring),
  temporal: {
    up: false,
    answers: () => Promise.resolve(false),
    // Begun after the commit and before the acknowledgement.
    start: () => process.kill(process.pid, 'SIGKILL'),
    apply: () => Promise.resolve(undefined),
  },
});
http.createServer(app).listen(environment.PORT, '127.0.0.1', () => process.send?.('up'));
process.on('disconnect', () => process.exit(0));
