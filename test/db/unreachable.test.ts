import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import pg from 'pg';
import { migrate } from '../../db/migrate.ts';
import { DatabaseUnreachable, inWords } from '../../db/unreachable.ts';
import { freePort } from '../../dev/embedded/ports.ts';
import { createTestDatabase, scratch } from '../support/services.ts';

describe('G2: a PostgreSQL that cannot be used is said in words, without its password', function () {
  this.timeout(60_000);

  const refused = (url: URL, words: RegExp): Promise<void> =>
    assert.rejects(migrate(url.href), (error) => {
      assert.ok(error instanceof DatabaseUnreachable, String(error));
      assert.match(error.message, words);
      assert.ok(!error.message.includes(url.password));
      return true;
    });

  it('not there, another password, another name, too many clients', async () => {
    const database = await createTestDatabase();
    const changed = (change: Partial<URL>): URL => Object.assign(new URL(database.url), change);
    await refused(changed({ port: String(await freePort()) }), /无法连接.*no connection/);
    await refused(changed({ hostname: 'nowhere.invalid' }), /主机名.*host name/);
    await refused(changed({ password: 'not-the-secret' }), /登录.*login/);
    await refused(changed({ pathname: '/not_made' }), /不存在.*no such database/);
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    await admin.query(`create role crowded login password 'crowded-secret' connection limit 0`);
    await refused(changed({ username: 'crowded', password: 'crowded-secret' }), /连接数.*too many clients/);
    await admin.query('drop role crowded');
    await admin.end();
    await database.drop();
    const other = new Error('another thing');
    assert.equal(inWords(other), other);
  });

  for (const [name, ...args] of [['backup', 'backup', `${scratch('unreachable')}/x.backup.gz`], ['replay']] as const) {
    it(`npm run ${name} says it without a stack`, async () => {
      const at = `127.0.0.1:${await freePort()}`;
      const env = { PATH: process.env['PATH'], DATABASE_URL: `postgres://u:pass-word@${at}/x`, MASTER_KEY: randomBytes(32).toString('base64') }; // prettier-ignore
      const child = spawn(process.execPath, ['--import=tsx', `dev/${name}.ts`, ...args], { env });
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const [code] = (await once(child, 'close')) as [number];
      assert.equal(code, 1);
      assert.match(said, /PostgreSQL: no connection/);
      assert.ok(!/^ +at |pass-word/m.test(said), said);
    });
  }
});
