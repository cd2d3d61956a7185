/** What Express alone does with a notification: raw bytes in, a constant out. The yardstick of bench/payments.ts. */
import express from 'express';

const app = express();
app.disable('x-powered-by');
app.post('/notify', express.raw({ type: () => true, limit: '64kb' }), (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 2 });
  response.end('ok');
});
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
process.on('disconnect', () => process.exit(0));
