import assert from 'node:assert/strict';
import { startMailSink } from '../../dev/embedded/mail-sink.ts';
import { freePort } from '../../dev/embedded/ports.ts';
import { createMailer } from '../../integrations/mail.ts';
import { onEnd, scratch } from '../support/services.ts';

describe('the embedded mail sink', () => {
  it('keeps the newest mails and not all of them for ever: they hold keys in clear', async () => {
    const at = { smtpPort: await freePort(), httpPort: await freePort(), directory: scratch('pruned'), keep: 20 };
    const sink = await startMailSink(at);
    onEnd(() => sink.close());
    const mailer = createMailer({ smtpUrl: sink.smtpUrl, from: 'shop@example.com' });
    onEnd(() => {
      mailer.close();
      return Promise.resolve();
    });
    const send = (n: number): Promise<void> =>
      mailer.send({ to: `b${n}@example.com`, subject: `${n}`, text: 'key', html: 'key', messageId: `<${n}@x>` });
    for (let n = 1; n <= 22; n++) await send(n);
    assert.equal((await sink.mails()).length, 22, 'a tenth more before any goes');
    await send(23);
    assert.deepEqual((await sink.mails()).map((mail) => mail.subject), Array.from({ length: 20 }, (_, i) => `${i + 4}`)); // prettier-ignore
  });
});
