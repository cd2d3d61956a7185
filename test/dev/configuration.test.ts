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
        return true;
      },
    );
  });
});
