/** `npm start`. */
import { readFileSync } from 'node:fs';
import { firstLink } from './first-link.ts';
import { readSettings, SetupError } from './embedded/settings.ts';
import { sayFailure } from './failure.ts';
import { startStack, type Stack } from './start.ts';

const began = Date.now();
// An output that leads to a full disk costs lines, not the stack.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const say = (zh: string, en: string): void => print(`  ${zh} / ${en}`);

const starting = new AbortController();
let stack: Stack | undefined;

/** Also while starting: what already runs is stopped before we go. A second Ctrl-C changes nothing. */
function stop(): void {
  if (starting.signal.aborted) return;
  starting.abort(new SetupError('已取消启动 / the start was cancelled'));
  print('\n正在停止… / stopping…');
  stack?.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      print(String(error));
      process.exit(1);
    },
  );
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
// Our own starter was killed: what it started does not outlive it.
process.on('disconnect', stop);

try {
  print('秒发 Miaofa 正在启动… / starting…');
  const settings = readSettings(process.env);
  stack = await startStack({ settings, env: process.env, say, signal: starting.signal });

  const { publicUrl } = settings;
  const link = await firstLink(stack.databaseUrl, publicUrl);
  const token = readFileSync(settings.opsTokenFile, 'utf8').trim();
  print(`
  控制台 Console   ${link === undefined ? `${publicUrl}/console` : `${link}\n                 (首次启动：打开此链接设置店主密码，仅可使用一次 / first start: sets the owner's password, once)`}
  API            ${publicUrl}/api/v1   (文档 / document: ${publicUrl}/api/v1/openapi.json)
  邮件 Mail       ${publicUrl}/ops/mail/
  Temporal UI    ${publicUrl}/ops/temporal/
  运维登录 Ops     ${publicUrl}/ops/login#${token}
  数据 Data       ${settings.data}
  主密钥 Key      ${settings.masterKeyFile}  (请复制到安全的地方 / copy it somewhere safe)

  下一步 / next:  npm run demo     (另开一个终端，看一笔订单从付款到收货 / in another terminal: one order, from payment to goods)
  停止 / stop:    Ctrl-C
`);
  print(`ready in ${((Date.now() - began) / 1000).toFixed(1)} s`);
} catch (error) {
  process.stderr.write('\n');
  sayFailure(error);
  process.exit(1);
}
