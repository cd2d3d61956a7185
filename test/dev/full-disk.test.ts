import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createTransport } from 'nodemailer';
import { capLogs } from '../../dev/embedded/logs.ts';
import { startMailSink } from '../../dev/embedded/mail-sink.ts';
import { freePort } from '../../dev/embedded/ports.ts';
import { notePid, run } from '../../dev/embedded/process.ts';
import { fill, smallDisk } from '../support/small-disk.ts';

describe('rule 16: a full disk under `npm start`', () => {
  let disk: string;

  before(function () {
    const mounted = smallDisk('small-disk', '2m');
    if (mounted === undefined) this.skip();
    disk = mounted;
  });

  it('a mail is refused for the time being (452), the stack goes on, and with room mails come in again', async () => {
    const directory = path.join(disk, 'mail');
    const sink = await startMailSink({ smtpPort: await freePort(), httpPort: await freePort(), directory });
    const mailer = createTransport(sink.smtpUrl);
    const mail = { from: 'shop@example.com', to: 'buyer@example.com', subject: 'keys', text: 'x'.repeat(50_000) };
    const makeRoom = fill(disk);
    await assert.rejects(mailer.sendMail(mail), { responseCode: 452 });
    makeRoom();
    await mailer.sendMail(mail);
    assert.equal((await sink.mails()).length, 1);
    mailer.close();
    await sink.close();
  });

  it('a program that is started again is started, although its pid cannot be noted', async () => {
    const file = path.join(disk, 'api.pid');
    writeFileSync(file, '1');
    const running = run(process.execPath, ['-e', ''], '/dev/null');
    rmSync(file);
    const makeRoom = fill(disk);
    notePid(file, running);
    assert.ok(!existsSync(file), 'no half of a pid');
    await running.exited;
    makeRoom();
  });

  it('a log past its limit is emptied also where its predecessor finds no room', () => {
    const logs = path.join(disk, 'logs');
    mkdirSync(logs);
    const log = path.join(logs, 'api.log');
    writeFileSync(log, 'x'.repeat(300_000));
    const makeRoom = fill(disk);
    capLogs(logs, 100_000);
    assert.equal(statSync(log).size, 0);
    assert.ok(!existsSync(`${log}.1`));
    makeRoom();
  });

  it('with room a log past its limit keeps its predecessor', () => {
    const logs = path.join(disk, 'logs');
    const log = path.join(logs, 'api.log');
    writeFileSync(log, 'x'.repeat(200));
    capLogs(logs, 100);
    assert.deepEqual([statSync(log).size, statSync(`${log}.1`).size], [0, 200]);
    writeFileSync(log, 'short');
    capLogs(logs, 100);
    assert.equal(statSync(log).size, 5);
  });
});
