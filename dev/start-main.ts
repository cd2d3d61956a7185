/** `npm start`. */
import { readFileSync } from 'node:fs';
import { readSettings, SetupError } from './embedded/settings.ts';
import { startStack } from './start.ts';

const began = Date.now();
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const say = (zh: string, en: string): void => print(`  ${zh} / ${en}`);

try {
  print('秒发 Miaofa 正在启动… / starting…');
  const settings = readSettings(process.env);
  const stack = await startStack({ settings, env: process.env, say });

  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    print('\n正在停止… / stopping…');
    stack.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        print(String(error));
        process.exit(1);
      },
    );
  };
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);

  const { publicUrl } = settings;
  const token = readFileSync(settings.opsTokenFile, 'utf8').trim();
  print(`
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
  process.stderr.write(
    `\n${error instanceof Error ? (error instanceof SetupError ? error.message : (error.stack ?? error.message)) : String(error)}\n`,
  );
  process.exit(1);
}
