/**
 * `npm run backup [-- FILE]` and `npm run restore -- FILE [--replace]`, on the embedded database or the one that
 * DATABASE_URL names. `npm run backup -- --check FILE` only reads a backup and checks its sums.
 */
import { createWriteStream, existsSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { closeSync, fsyncSync } from 'node:fs';
import path from 'node:path';
import { Writable } from 'node:stream';
import { readBackup } from '../db/backup-reader.ts';
import { writeBackup, type BackupSummary } from '../db/backup.ts';
import { holdsData, restoreBackup, servingProcesses } from '../db/restore.ts';
import { createPool, type Pool } from '../db/sql.ts';
import { databaseUrl } from '../integrations/environment.ts';
import { loadMasterKey } from '../integrations/keyring/kek.ts';
import { Keyring } from '../integrations/keyring/keyring.ts';
import { openEmbeddedDatabase, type OpenDatabase } from './embedded/database.ts';
import { readSettings, SetupError, type Settings } from './embedded/settings.ts';
import { sayFailure } from './failure.ts';

const [command = '', ...args] = process.argv.slice(2);
const flags = new Set(args.filter((arg) => arg.startsWith('--')));
const [named] = args.filter((arg) => !arg.startsWith('--'));
// Standard output may be the backup itself.
const say = (zh: string, en: string): void => void process.stderr.write(`${zh} / ${en}\n`);

async function withPool<T>(url: string, name: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = createPool(url, { name, max: 1, statementTimeoutMs: 0 });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

/** Like `.miaofa-backups/2026-11-24T21-50-00Z.backup.gz`: beside the data, so that deleting the data keeps them. */
function newFile(settings: Settings, prefix = ''): string {
  const stamp = new Date().toISOString().replace(/\.\d+/, '').replaceAll(':', '-');
  return path.join(`${settings.data}-backups`, `${prefix}${stamp}.backup.gz`);
}

/** Written aside, synced, read again, then put in place: a file of that name is whole. */
async function save(url: string, file: string): Promise<BackupSummary> {
  mkdirSync(path.dirname(path.resolve(file)), { recursive: true, mode: 0o700 });
  const part = `${file}.part`;
  rmSync(part, { force: true });
  try {
    await withPool(url, 'miaofa-backup', (pool) => writeBackup(pool, createWriteStream(part, { mode: 0o600 })));
    const fd = openSync(part, 'r');
    fsyncSync(fd);
    closeSync(fd);
    const summary = await readBackup(part);
    renameSync(part, file);
    return summary;
  } finally {
    rmSync(part, { force: true });
  }
}

/** Node never ends its standard output, so what waits for that end gets a stream of its own. */
function standardOutput(): Writable {
  process.stdout.on('error', () => undefined); // told by the write
  return new Writable({ write: (chunk: Buffer, _encoding, done) => void process.stdout.write(chunk, done) });
}

async function backup(url: string, settings: Settings): Promise<void> {
  if (named === '-') {
    await withPool(url, 'miaofa-backup', (pool) => writeBackup(pool, standardOutput()));
    return;
  }
  const file = named ?? newFile(settings);
  const { rows, tables } = await save(url, file);
  say(`已备份 ${tables} 张表、${rows} 行：${file}`, `saved ${rows} rows of ${tables} tables`);
  say(
    '  备份不含主密钥，没有主密钥任何卡密都无法解密：请把主密钥文件另行保存',
    'the master key is not in it, and nothing opens without: keep the key file too, apart from the backup',
  );
}

async function check(file: string): Promise<void> {
  const { createdAt, rows, tables, masterKeys } = await readBackup(file);
  say(
    `备份完好：${createdAt}，${tables} 张表、${rows} 行，主密钥 ${masterKeys.join(', ')}`,
    `the backup is whole: ${createdAt}, ${rows} rows of ${tables} tables, master key ${masterKeys.join(', ')}`,
  );
}

async function restore(url: string, file: string, settings: Settings): Promise<void> {
  const env = process.env;
  const kek = loadMasterKey({
    MASTER_KEY: env['MASTER_KEY'],
    MASTER_KEY_FILE: env['MASTER_KEY_FILE'] ?? settings.masterKeyFile,
  });
  const full = await withPool(url, 'miaofa-restore', async (pool) => {
    const serving = await servingProcesses(pool);
    if (serving !== '') {
      throw new SetupError(
        `仍有进程连接着数据库 (${serving})，请先停止它们再恢复\nprocesses are connected to the database (${serving}): stop them, then restore`,
      );
    }
    return holdsData(pool);
  });
  if (full) {
    if (!flags.has('--replace')) {
      throw new SetupError(
        '目标数据库已有数据，未作任何修改。确认要用备份替换它，请加 --replace（会先自动备份现有数据）\n' +
          'The database holds data; nothing was changed. To replace it by the backup add --replace (what is there is saved first)',
      );
    }
    const kept = newFile(settings, 'replaced-');
    await save(url, kept);
    say(`现有数据已另存 ${kept}`, `what was there is kept in ${kept}`);
  }
  const done = await withPool(url, 'miaofa-restore', (pool) =>
    restoreBackup(pool, file, (keys) => Keyring.open(kek, keys)),
  );
  say(
    `已恢复 ${done.createdAt} 的备份：${done.rows} 行`,
    `restored the backup of ${done.createdAt}: ${done.rows} rows`,
  );
  if (done.voided > 0) {
    say(
      `被替换的数据库中已售出的 ${done.voided} 张卡密已作废，不会再次售出`,
      `${done.voided} keys that the replaced database had sold are void: they are not sold again`,
    );
  }
  if (done.brokenSeal === undefined) say('审计链完整', 'the audit chain is whole');
  else
    say(`警告：审计链在第 ${done.brokenSeal} 环断开`, `WARNING: the audit chain is broken at seal ${done.brokenSeal}`);
  process.stderr.write(afterwards);
}

const afterwards = `
现在 / now:
  · 全局自动发货已关闭，全部卡密池已隔离：备份之后售出的卡密在备份里仍是"可用"，直接发货会重复售卖
    Automatic delivery is off and all pools are quarantined: keys sold after the backup count as available in it
  · 近 7 天未付款的订单将重新向支付渠道查询；查到已付款的订单会等待人工处理
    Providers are asked again about unpaid orders of the last 7 days; what they call paid waits for staff
接下来 / next:
  1. 启动系统 / start the system
  2. 逐个解除隔离；discard 为备份之后可能已售出的数量，池首的这些卡密作废
     Lift the quarantine pool by pool; discard is how many keys may have been sold after the backup: they become void
     POST /ops/api/quarantine/lift {"sku":"…","discard":100}
  3. 打开自动发货 / switch delivery on: POST /ops/api/auto-delivery {"on":true}
  详见 / see docs/operations.md
`;

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  if (command === 'backup' && flags.has('--check')) {
    if (named === undefined) throw new SetupError('用法 / usage: npm run backup -- --check FILE');
    await check(named);
    return;
  }
  if (command === 'restore' && named === undefined) {
    throw new SetupError('用法 / usage: npm run restore -- FILE [--replace]');
  }
  if (named !== undefined && command === 'restore' && !existsSync(named)) {
    throw new SetupError(`找不到备份文件 / there is no such backup: ${named}`);
  }
  const given = databaseUrl(process.env);
  let database: OpenDatabase;
  if (given === undefined) database = await openEmbeddedDatabase(settings, command === 'restore', say);
  else database = { url: given, close: () => Promise.resolve() };
  try {
    if (command === 'restore') await restore(database.url, named ?? '', settings);
    else await backup(database.url, settings);
  } finally {
    await database.close();
  }
}

try {
  await main();
  process.exit(0);
} catch (error) {
  sayFailure(error);
  process.exit(1);
}
