/** The configuration of a process, from environment variables: checked whole at start, secrets never printed. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const flag = z
  .enum(['0', '1', 'true', 'false'])
  .default('0')
  .transform((v) => v === '1' || v === 'true');
const list = z
  .string()
  .default('')
  .transform((v) => v.split(',').map((s) => s.trim()).filter(Boolean)); // prettier-ignore
const url = z
  .url({ protocol: /^https?$/, error: '应为 http://… 或 https://… / must be http://… or https://…' })
  .transform((v) => v.replace(/\/+$/, ''));

/** What Express takes (`trust proxy`): hops, or addresses and ranges. `true` would believe anybody's X-Forwarded-For. */
function isTrust(text: string): boolean {
  if (/^\d{0,2}$/.test(text)) return true;
  return text.split(',').every((part) => {
    const [address = '', bits, ...more] = part.trim().split('/');
    if (['loopback', 'linklocal', 'uniquelocal'].includes(part.trim())) return true;
    const most = { 4: 32, 6: 128 }[isIP(address)];
    if (most === undefined || more.length > 0) return false;
    return bits === undefined || isIP(bits) === 4 || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
  });
}

/** Every variable, with what it is for: `docs/configuration.md` is generated from these descriptions. */
export const variables = z.object({
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, '应为 postgres://… / must be postgres://…')
    .describe('PostgreSQL, postgres://user:password@host:port/database'),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^/\s]+:\d{1,5}$/, '应为 主机:端口 / must be host:port')
    .default('127.0.0.1:7233')
    .describe('Temporal frontend, host:port'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default').describe('Temporal namespace'),
  TEMPORAL_UI_URL: url.optional().describe('Temporal Web UI, shown under /ops/temporal/ to people with the ops token'),
  MAIL_UI_URL: url.optional().describe('Page of the mail sink, shown under /ops/mail/; embedded stack only'),
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\//, '应为 smtp://… 或 smtps://… / must be smtp://… or smtps://…')
    .describe('Mail server, smtp://user:password@host:port or smtps://…'),
  MAIL_FROM: z.string().min(3).default('Miaofa <no-reply@localhost>').describe('Sender of mails'),
  PORT: port.default(3000).describe('The only public port: shop API, notifications, pickup, console'),
  HOST: z.string().default('0.0.0.0').describe('Address that PORT binds to'),
  PUBLIC_URL: url.optional().describe('Base of every link that leaves the system; default http://localhost:PORT'),
  TRUST_PROXY: z.string().refine(isTrust, '应为代理层数或地址列表 / must be a number of hops or a list of addresses').default('').describe('Number of proxy hops, or a list of addresses, in front of PORT; never "true"'), // prettier-ignore
  ALLOW_INSECURE_HTTP: flag.describe('1 allows plain http on addresses other than localhost'),
  API_ADMIN_PORT: port.default(3001).describe('Metrics of the API, on ADMIN_HOST'),
  WORKER_ADMIN_PORT: port.default(3002).describe('Metrics and health of the worker, on ADMIN_HOST'),
  ADMIN_HOST: z.string().default('127.0.0.1').describe('Address of the admin ports; keep it private'),
  MASTER_KEY: z.string().optional().describe('Master key, 32 bytes base64; or use MASTER_KEY_FILE'),
  MASTER_KEY_FILE: z.string().optional().describe('File with the master key, mode 0600'),
  MASTER_KEY_PREVIOUS_FILE: z.string().optional().describe('File with the master key before it was changed: at start the data keys move from it to the new one'), // prettier-ignore
  IMPORT_DIRECTORY: z.string().optional().describe('Files of keys that appear here are imported; see docs/goods.md'),
  OPS_TOKEN: z.string().min(16).optional().describe('Opens /ops/ until accounts exist; or use OPS_TOKEN_FILE'),
  OPS_TOKEN_FILE: z.string().optional().describe('File with the ops token'),
  OUTBOUND_ALLOW: list.describe('host:port, comma-separated, that outbound calls may reach although private or plain http'), // prettier-ignore
  ORDER_TTL_MINUTES: z.coerce.number().int().min(1).max(10_080).default(30).describe('How long an unpaid order waits'),
  RECONCILE_SECONDS: z.coerce.number().int().min(1).default(60).describe('How often orders are compared with Temporal'),
  WORKER_IN_API: flag.default(true).describe('1 runs a worker inside the API process, so that orders start at once'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info').describe('Least level that is logged'), // prettier-ignore
});

/** Parts of DATABASE_URL, for deployments that keep the password in a file. */
export const databaseParts = {
  DATABASE_HOST: 'Host of PostgreSQL, instead of DATABASE_URL',
  DATABASE_PORT: 'Its port; default 5432',
  DATABASE_NAME: 'The database; default miaofa',
  DATABASE_USER: 'The user; default the name of the database',
  DATABASE_PASSWORD_FILE: 'File with the password',
} as const;

export type Environment = Omit<z.output<typeof variables>, 'PUBLIC_URL' | 'OPS_TOKEN'> & {
  readonly PUBLIC_URL: string;
  readonly OPS_TOKEN: string | undefined;
};

/** Says which variable is wrong and why, never its value. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

const [zh, en] = [z.locales.zhCN().localeError, z.locales.en().localeError];

/** What is wrong with a variable, unless its schema says so itself. Holds types and limits, no values. */
function inBothLanguages(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined) return '未设置 / is not set';
  return [zh, en].map((words) => words(issue)).map((said) => (typeof said === 'object' ? said?.message : said)).join(' / '); // prettier-ignore
}

/** Reads and checks all variables at once. `*_FILE` variants are read here, so secrets can come from files. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  given['DATABASE_URL'] ??= databaseUrl(given);
  const parsed = variables.safeParse(given, { error: inBothLanguages });
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new EnvironmentError(`配置有误 / The configuration is wrong:\n${lines.join('\n')}`);
  }
  const e = parsed.data;
  const opsToken = e.OPS_TOKEN ?? (e.OPS_TOKEN_FILE ? readSecret('OPS_TOKEN_FILE', e.OPS_TOKEN_FILE) : undefined);
  return { ...e, PUBLIC_URL: e.PUBLIC_URL ?? `http://localhost:${e.PORT}`, OPS_TOKEN: opsToken };
}

/**
 * `DATABASE_URL`, or its parts: `DATABASE_HOST`, `DATABASE_PORT`, `DATABASE_NAME`, `DATABASE_USER` and
 * `DATABASE_PASSWORD_FILE`, so that the password can stay in a file.
 */
export function databaseUrl(env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (env['DATABASE_URL'] !== undefined) return env['DATABASE_URL'];
  const host = env['DATABASE_HOST'];
  if (host === undefined) return undefined;
  const file = env['DATABASE_PASSWORD_FILE'];
  const name = env['DATABASE_NAME'] ?? 'miaofa';
  const url = new URL(`postgres://${host}:${env['DATABASE_PORT'] ?? '5432'}/${name}`);
  url.username = env['DATABASE_USER'] ?? name;
  if (file !== undefined) url.password = readSecret('DATABASE_PASSWORD_FILE', file);
  return url.href;
}

function readSecret(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new EnvironmentError(`${name}: 无法读取文件 / the file cannot be read`);
  }
}
