/**
 * Whom PostgreSQL runs as. The server refuses root; root therefore starts it as another user. That user may be unable
 * to pass through the folders above project or data (/root is closed to others): then it gets the one capability that
 * opens folders, if `setpriv` of util-linux is there; else the person is told what to do.
 */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { SetupError } from './settings.ts';

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** How to start one of PostgreSQL's programs. */
export interface RunAs {
  readonly account: Account | undefined;
  command(program: string, args: readonly string[]): [program: string, args: string[]];
  /** For `spawn`, beside the command. */
  readonly options: { readonly uid?: number; readonly gid?: number };
  /** Gives a file or folder to that user. */
  own(file: string): void;
}

const asOurselves: RunAs = {
  account: undefined,
  command: (program, args) => [program, [...args]],
  options: {},
  own: () => undefined,
};

function accountNamed(user: string): Account | undefined {
  try {
    const id = (flag: string): number =>
      Number(execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

/** `places` must be reachable by the user. An existing database keeps its owner. */
export function postgresUser(directory: string, places: readonly string[]): RunAs {
  const us = process.getuid?.();
  const owner = existsSync(directory) ? statSync(directory) : undefined;
  if (us !== 0) {
    if (us !== undefined && owner && owner.uid !== us) {
      throw new SetupError(
        `${directory} 属于另一个用户 (uid ${owner.uid})：请用该用户启动，或用 MIAOFA_DATA 换一个目录\n` +
          `${directory} belongs to another user (uid ${owner.uid}): start as that user, or choose another directory with MIAOFA_DATA`,
      );
    }
    return asOurselves;
  }
  const account =
    owner && owner.uid !== 0
      ? { uid: owner.uid, gid: owner.gid }
      : (accountNamed('postgres') ?? accountNamed('nobody'));
  if (!account) {
    throw new SetupError('以 root 运行需要 postgres 或 nobody 用户 / running as root needs a user postgres or nobody');
  }
  const own = (file: string): void => chownSync(file, account.uid, account.gid);
  const closed = places.find((place) => !succeeds('test', ['-x', place], account));
  if (closed === undefined) return { ...asOurselves, account, options: account, own };

  const withCapability = (program: string, args: readonly string[]): [string, string[]] => [
    'setpriv',
    [
      // Read and search, nothing else of root's; kept also by access(2), which asks for the real user.
      ...['--securebits=+no_setuid_fixup', '--bounding-set=-all,+dac_read_search'],
      ...['--inh-caps=-all,+dac_read_search', '--ambient-caps=-all,+dac_read_search'],
      ...[`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', program, ...args],
    ],
  ];
  if (places.every((place) => succeeds(...withCapability('test', ['-x', place])))) {
    return { account, command: withCapability, options: {}, own };
  }
  throw new SetupError(
    `PostgreSQL 不能以 root 运行，其用户无法进入 ${closed}。请把项目放到其他目录（如 /opt），或用 MIAOFA_DATA 指定数据目录，或以普通用户运行。\n` +
      `PostgreSQL does not run as root, and its user cannot enter ${closed}: move the project elsewhere (/opt), set MIAOFA_DATA, or run as an ordinary user.`,
  );
}

function succeeds(program: string, args: readonly string[], account?: Account): boolean {
  try {
    execFileSync(program, args, { ...account, cwd: path.parse(process.cwd()).root, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
