/** Reads a backup and checks every sum in it. What does not end as written, or differs by a bit, is refused. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { backupFormat, type BackupHead, type BackupSummary } from './backup.ts';

/** The file is no backup, damaged, or not for this program or database. Said to a person. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

export interface BackupHandler {
  head?(head: BackupHead): Promise<void> | void;
  /** Takes the rows of a table, in COPY's text format. */
  table?(name: string, columns: string): TableHandler;
  sequence?(name: string, value: number): Promise<void>;
}

export interface TableHandler {
  write(chunk: Buffer): Promise<void>;
  end(): Promise<void>;
}

const damaged = (what: string): BackupError => new BackupError(`备份文件已损坏 / the backup is damaged: ${what}`);
const lineEnd = 10;
/** The end of a table's rows. Its first line end belongs to the last row. */
const endOfData = Buffer.from('\n\\.\n');

/** Lines and stretches of bytes out of a stream. */
class Scanner {
  readonly #source: AsyncIterator<Buffer>;
  readonly #taken: (bytes: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>, taken: (bytes: Buffer) => void) {
    this.#source = source[Symbol.asyncIterator]();
    this.#taken = taken;
  }

  async #more(): Promise<boolean> {
    const next: IteratorResult<Buffer, unknown> = await this.#source.next();
    if (next.done) return false;
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, next.value]) : next.value;
    return true;
  }

  #take(length: number): Buffer {
    const bytes = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return bytes;
  }

  /** Undefined at the end. The end line holds the sum of all before it and is not part of that. */
  async line(): Promise<string | undefined> {
    let from = 0;
    for (;;) {
      const at = this.#rest.indexOf(lineEnd, from);
      if (at >= 0) {
        const bytes = this.#take(at + 1);
        const text = bytes.toString('utf8', 0, at);
        if (!text.startsWith('-- end ')) this.#taken(bytes);
        return text;
      }
      from = this.#rest.length;
      if (from > 1 << 20 || !(await this.#more())) {
        if (from === 0) return undefined;
        throw damaged('a line without an end');
      }
    }
  }

  /** Everything before the end mark of the rows, piece by piece. */
  async *rows(): AsyncGenerator<Buffer> {
    // A table without rows has the mark at its very beginning.
    while (this.#rest.length < 3) if (!(await this.#more())) throw damaged('it ends early');
    if (this.#rest.subarray(0, 3).equals(endOfData.subarray(1))) {
      this.#taken(this.#take(3));
      return;
    }
    for (;;) {
      const at = this.#rest.indexOf(endOfData);
      if (at >= 0) {
        const last = this.#take(at + 1);
        this.#taken(last);
        yield last;
        this.#taken(this.#take(endOfData.length - 1));
        return;
      }
      const safe = this.#rest.length - endOfData.length;
      if (safe > 0) {
        const bytes = this.#take(safe);
        this.#taken(bytes);
        yield bytes;
      }
      if (!(await this.#more())) throw damaged('it ends early');
    }
  }
}

function jsonAfter(line: string, prefix: string): unknown {
  if (!line.startsWith(prefix)) throw damaged('a line that does not belong there');
  try {
    return JSON.parse(line.slice(prefix.length));
  } catch {
    throw damaged('a line that does not belong there');
  }
}

async function readTable(scanner: Scanner, line: string, handler: BackupHandler): Promise<number> {
  const found = /^COPY (\S+) \((.+)\) FROM stdin;$/.exec(line);
  if (!found) throw damaged('a line that does not belong there');
  const [, name = '', columns = ''] = found;
  const taker = handler.table?.(name, columns);
  const hash: Hash = createHash('sha256');
  let rows = 0;
  for await (const chunk of scanner.rows()) {
    hash.update(chunk);
    for (let at = chunk.indexOf(lineEnd); at >= 0; at = chunk.indexOf(lineEnd, at + 1)) rows++;
    await taker?.write(chunk);
  }
  const said = jsonAfter((await scanner.line()) ?? '', '-- ') as { rows: number; sha256: string };
  if (said.rows !== rows || said.sha256 !== hash.digest('hex')) throw damaged(name);
  await taker?.end();
  return rows;
}

/** Reads the whole file. Rejects with a BackupError if anything in it is not as it was written. */
export async function readBackup(file: string, handler: BackupHandler = {}): Promise<BackupSummary & BackupHead> {
  const unzipped = createReadStream(file).on('error', (error) => unzipped.destroy(error)).pipe(createGunzip()); // prettier-ignore
  const all = createHash('sha256');
  const scanner = new Scanner(unzipped as AsyncIterable<Buffer>, (bytes) => all.update(bytes));
  let tables = 0;
  let rows = 0;
  try {
    if ((await scanner.line()) !== `-- ${backupFormat}`) {
      throw new BackupError('这不是秒发的备份文件 / this is no backup of Miaofa');
    }
    const head = jsonAfter((await scanner.line()) ?? '', '-- ') as BackupHead;
    await handler.head?.(head);
    for (;;) {
      const line = await scanner.line();
      if (line === undefined) throw damaged('it ends early');
      if (line.startsWith('-- sequence ')) {
        const { name, value } = jsonAfter(line, '-- sequence ') as { name: string; value: number };
        await handler.sequence?.(name, value);
      } else if (line.startsWith('-- end ')) {
        const said = jsonAfter(line, '-- end ') as BackupSummary;
        const sha256 = all.copy().digest('hex'); // a copy: what stands behind the end is still read
        if (said.sha256 !== sha256 || said.rows !== rows || said.tables !== tables) throw damaged('the sum of all');
        if ((await scanner.line()) !== undefined) throw damaged('something behind its end');
        return { ...head, tables, rows, sha256 };
      } else {
        rows += await readTable(scanner, line, handler);
        tables++;
      }
    }
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (typeof code === 'string' && /^Z_/.test(code)) throw damaged(code);
    if (code === 'ENOENT') throw new BackupError(`找不到备份文件 / there is no such backup: ${file}`);
    throw error;
  } finally {
    unzipped.destroy();
  }
}
