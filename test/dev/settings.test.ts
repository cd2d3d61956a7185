import assert from 'node:assert/strict';
import { readSettings, SetupError } from '../../dev/embedded/settings.ts';

describe('settings of the embedded stack', () => {
  it('G2: a port that browsers refuse is refused at the start, with its name; so is one that lies beside PORT', () => {
    for (const [env, name] of [
      [{ PORT: '6000' }, 'PORT'],
      [{ PORT: '4187' }, 'MAIL_UI_PORT'],
    ] as const) {
      assert.throws(() => readSettings(env), (error) => error instanceof SetupError && error.message.startsWith(name)); // prettier-ignore
    }
    assert.equal(readSettings({ PORT: '3000' }).ports.PORT, 3000);
  });
});
