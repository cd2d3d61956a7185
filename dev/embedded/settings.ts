/** Where the embedded stack lives and listens: one directory, one public port, the others beside it. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface Settings {
  /** Everything the stack keeps, but the master key. Deleting it is a factory reset. */
  readonly data: string;
  readonly masterKeyFile: string;
  readonly opsTokenFile: string;
  readonly publicUrl: string;
  readonly ports: Readonly<Record<PortName, number>>;
}

/** Each can be moved by the variable of its name; all but PORT listen on 127.0.0.1 (rule 15). */
export const portNames = [
  'PORT',
  'API_ADMIN_PORT',
  'WORKER_ADMIN_PORT',
  'MAIL_UI_PORT',
  'SMTP_PORT',
  'PG_PORT',
  'TEMPORAL_PORT',
  'TEMPORAL_UI_PORT',
  'GATEWAY_PORT',
  'SUPPLIER_PORT',
] as const;
export type PortName = (typeof portNames)[number];

/** Variables of the embedded stack alone: default and meaning, for docs/configuration.md. */
export const embeddedVariables: Readonly<Record<string, readonly [fallback: string, meaning: string]>> = {
  MIAOFA_DATA: ['.miaofa', 'Directory of everything the stack keeps; deleting it is a factory reset'],
  MIAOFA_CACHE: ['~/.cache/miaofa', 'Where fetched programs are kept, for all stacks of a user'],
  TEMPORAL_CLI_PATH: ['', 'A `temporal` program to use instead of a fetched one'],
  TEMPORAL_TEST_SERVER_PATH: ['', 'The time-skipping test server, for `npm test`'],
  TEMPORAL_DOWNLOAD_URL: ['https://temporal.download', 'Where the official programs are fetched'],
};

/** A mistake of the person who starts the stack, said in words. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

function port(env: NodeJS.ProcessEnv, name: PortName, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535) {
    throw new SetupError(`${name}=${text} 不是有效的端口 / is not a port`);
  }
  // The ports beside PORT follow it, and end at 65535 too.
  if (name === 'PORT' && value > 65_535 - portNames.length) {
    throw new SetupError(
      `PORT=${text} 太大，其后还需要 ${portNames.length} 个端口 / leaves no room for the ports after it`,
    );
  }
  return value;
}

/** Ports that browsers and fetch refuse (fetch.spec.whatwg.org, "port blocking"), from 1024 up. */
const refused = new Set([1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080]); // prettier-ignore

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const base = port(env, 'PORT', 3000);
  const ports = Object.fromEntries(portNames.map((name, i) => [name, port(env, name, base + i)])) as Record<
    PortName,
    number
  >;
  const bad = portNames.find((name) => refused.has(ports[name]));
  if (bad !== undefined) {
    throw new SetupError(
      `${bad}=${ports[bad]} 会被浏览器拒绝访问，请换一个端口 / is a port that browsers refuse: choose another one`,
    );
  }
  const data = path.resolve(env['MIAOFA_DATA'] || '.miaofa');
  return {
    data,
    masterKeyFile: path.resolve(env['MASTER_KEY_FILE'] ?? `${data}-master.key`),
    opsTokenFile: path.join(data, 'ops-token'),
    publicUrl: (env['PUBLIC_URL'] ?? `http://localhost:${base}`).replace(/\/+$/, ''),
    ports,
  };
}

function writeSecret(file: string, text: string): void {
  writeFileSync(file, `${text}\n`, { mode: 0o600, flag: 'wx' });
  chmodSync(file, 0o600);
}

/** The secret in `file`, made at the first call. */
export function ensureSecret(file: string, make: () => string): string {
  if (!existsSync(file)) writeSecret(file, make());
  return readFileSync(file, 'utf8').trim();
}

/**
 * Makes data directory, ops token and master key. The master key lies beside the data, not in it: a copy of the data
 * alone opens nothing. A database without its key refuses; a new key would open none of its cards.
 */
export function prepareFiles(settings: Settings, say: (zh: string, en: string) => void): void {
  const hasDatabase = existsSync(path.join(settings.data, 'postgres', 'PG_VERSION'));
  // The database's own user must be able to pass through; what is inside is closed by itself.
  mkdirSync(settings.data, { recursive: true, mode: 0o755 });
  mkdirSync(path.join(settings.data, 'logs'), { recursive: true });
  if (!existsSync(settings.masterKeyFile)) {
    if (hasDatabase) {
      throw new SetupError(
        `找不到主密钥 ${settings.masterKeyFile}，而数据库已有数据。请放回原来的主密钥文件；没有它任何卡密都无法解密。\n` +
          `The master key ${settings.masterKeyFile} is missing and the database has data: put the file back, without it no card opens.`,
      );
    }
    writeSecret(settings.masterKeyFile, randomBytes(32).toString('base64'));
    say(
      `已生成主密钥 ${settings.masterKeyFile}，请立即复制到安全的地方；丢失后卡密无法恢复`,
      `Made the master key ${settings.masterKeyFile}: copy it somewhere safe now; without it cards cannot be read`,
    );
  }
  ensureSecret(settings.opsTokenFile, () => randomBytes(24).toString('base64url'));
}
