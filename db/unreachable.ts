/** A PostgreSQL that cannot be used, for who starts a command: what is wrong, and what to do. Never a password. */
import { sqlState } from './sql.ts';

export class DatabaseUnreachable extends Error {
  override readonly name = 'DatabaseUnreachable';
}

const reasons: readonly (readonly [RegExp, zh: string, en: string])[] = [
  [/^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET)/, '无法连接，请确认数据库已启动、地址与端口正确', 'no connection: is it running, and are host and port right?'], // prettier-ignore
  [/^(ENOTFOUND|EAI_AGAIN)/, '找不到该主机名，请检查地址', 'its host name is not known: check the address'],
  [/^28/, '登录被拒绝，请检查用户名与密码', 'it refuses the login: check user and password'],
  [/^3D000/, '该数据库不存在，请先创建', 'there is no such database: make it first'],
  [/^53300/, '连接数已满，请稍后重试，或调大 max_connections', 'it has too many clients: try again later, or raise max_connections'], // prettier-ignore
  [/^(53100)/, '磁盘已满，请先腾出空间', 'its disk is full: make room first'],
  [/^57P0/, '正在启动或停止，请稍后重试', 'it is starting or stopping: try again in a moment'],
];

/** What failed, in words if the server or the way to it is at fault; anything else as it was. */
export function inWords(error: unknown): unknown {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const state = sqlState(error) ?? (typeof code === 'string' ? code : '');
  const [, zh, en] = reasons.find(([pattern]) => pattern.test(state)) ?? [];
  if (zh === undefined || en === undefined) return error;
  // Several addresses were tried: the error that holds them all has no words of its own.
  const said = typeof message === 'string' && message !== '' ? message : state;
  return new DatabaseUnreachable(`PostgreSQL：${zh}（DATABASE_URL）/ PostgreSQL: ${en} (DATABASE_URL)\n  ${said}`, {
    cause: error,
  });
}
