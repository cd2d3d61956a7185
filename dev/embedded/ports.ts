/** A taken port is said before anything is started: which, who wants it, and how to move it. */
import net from 'node:net';
import { SetupError, type PortName } from './settings.ts';

/** Who listens on which port, for people. */
export const wantedBy: Readonly<Record<PortName, readonly [zh: string, en: string]>> = {
  PORT: ['API（唯一的公开端口）', 'the API, the only public port'],
  API_ADMIN_PORT: ['API 指标', 'metrics of the API'],
  WORKER_ADMIN_PORT: ['worker 指标', 'metrics of the worker'],
  MAIL_UI_PORT: ['邮件页面', 'the mail page'],
  SMTP_PORT: ['邮件服务器', 'the mail server'],
  PG_PORT: ['PostgreSQL', 'PostgreSQL'],
  TEMPORAL_PORT: ['Temporal', 'Temporal'],
  TEMPORAL_UI_PORT: ['Temporal 网页', 'Temporal Web UI'],
  GATEWAY_PORT: ['模拟支付网关', 'the fake payment gateway'],
  SUPPLIER_PORT: ['模拟上游供应商', 'the fake supplier'],
};

function free(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Rejects with a SetupError that names each port of `names` that is taken, or wanted twice. */
export async function requireFree(
  names: readonly PortName[],
  ports: Readonly<Record<PortName, number>>,
): Promise<void> {
  const troubles: string[] = [];
  for (const [i, name] of names.entries()) {
    const port = ports[name];
    const [zh, en] = wantedBy[name];
    const twin = names.slice(0, i).find((other) => ports[other] === port);
    if (twin !== undefined) {
      troubles.push(`${twin} 与 ${name} 都是 ${port} / ${twin} and ${name} are both ${port}`);
    } else if (!(await free(port, name === 'PORT' ? '0.0.0.0' : '127.0.0.1'))) {
      troubles.push(
        `端口 ${port} 已被占用（${zh}），可用 ${name}=… 换一个 / port ${port} is taken (for ${en}), move it with ${name}=…`,
      );
    }
  }
  if (troubles.length > 0) throw new SetupError(troubles.join('\n'));
}

/**
 * A port that is free now, and that the system gives to nobody: above 32,767 it hands them out to connections, so that
 * a server which leaves such a port for a moment may not get it back. Temporal writes ports into a smallint, too.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 11_000 + Math.floor(Math.random() * 20_000); // 10,080 is forbidden to fetch
    if (await free(port, '127.0.0.1')) return port;
  }
}
