import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { configurationPage } from '../../dev/configuration.ts';
import { portNames } from '../../dev/embedded/settings.ts';
import { EnvironmentError, readEnvironment, variables } from '../../integrations/environment.ts';

describe('configuration', () => {
  it('docs/configuration.md is current, and says what each variable is for: `npm run docs` makes it', () => {
    assert.equal(readFileSync('docs/configuration.md', 'utf8'), configurationPage(), 'run npm run docs');
    for (const [name, schema] of Object.entries(variables.shape)) assert.ok(schema.description, name);
    for (const name of portNames) assert.ok(configurationPage().includes(`\`${name}\``), name);
  });

  it('a wrong value is named with its reason and never printed; all at once', () => {
    const wrong = { PORT: 'secret-port', LOG_LEVEL: 'secret-level', OPS_TOKEN: 'short-secret' };
    assert.throws(
      () => readEnvironment(wrong),
      (error) => {
        assert.ok(error instanceof EnvironmentError);
        for (const name of [...Object.keys(wrong), 'DATABASE_URL', 'SMTP_URL']) assert.ok(error.message.includes(name));
        assert.ok(!/secret/.test(error.message), error.message);
        for (const line of error.message.split('\n'))
          assert.match(line, /[\u4e00-\u9fff].* \/ .*[a-z]/, 'in both languages');
        return true;
      },
    );
  });

  it('G2: a value that would only fail later is refused at the start: addresses, links, hops', () => {
    const right = { DATABASE_URL: 'postgres://u:p@h:5432/d', SMTP_URL: 'smtps://u:p@h:465' };
    const wrong: Record<string, readonly string[]> = {
      DATABASE_URL: ['db.example.com', 'mysql://u:secret@h/d'],
      SMTP_URL: ['mail.example.com', 'https://mail.example.com'],
      TEMPORAL_ADDRESS: ['temporal', 'http://temporal:7233'],
      PUBLIC_URL: ['shop.example.com', 'ftp://shop.example.com'],
      TRUST_PROXY: ['true', '-1', '10.0.0.0/33', '10.0.0.1,proxy'],
    };
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        assert.throws(
          () => readEnvironment({ ...right, [name]: value }),
          (error) => error instanceof EnvironmentError && error.message.includes(`${name}: `) && !error.message.includes(value), // prettier-ignore
          `${name}=${value}`,
        );
      }
    }
    for (const hops of ['', '0', '2', 'loopback', '127.0.0.1', '10.0.0.0/8, fd00::/8', '10.0.0.0/255.0.0.0']) {
      assert.equal(readEnvironment({ ...right, TRUST_PROXY: hops }).TRUST_PROXY, hops);
    }
    for (const address of ['[::1]:7233', 'temporal:7233']) readEnvironment({ ...right, TEMPORAL_ADDRESS: address });
    readEnvironment({ ...right, DATABASE_URL: 'postgresql:///d?host=/var/run/postgresql' });
  });
});
