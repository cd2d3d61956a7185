/** Logs of the children: programs write to an open file themselves, so a large one is copied aside and emptied. */
import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import path from 'node:path';

const limit = 20 * 1024 * 1024;

/** Keeps every log of a directory below twice `maxBytes`: the file itself and one predecessor, `.1`. */
export function capLogs(directory: string, maxBytes = limit): void {
  if (!existsSync(directory)) return;
  for (const name of readdirSync(directory).filter((n) => n.endsWith('.log'))) {
    const file = path.join(directory, name);
    if (statSync(file).size <= maxBytes) continue;
    try {
      copyFileSync(file, `${file}.1`);
    } catch {
      rmSync(`${file}.1`, { force: true }); // no room for two: the log itself is what must not stay
    }
    truncateSync(file); // writers append, so they go on at the new end
  }
}

/** Caps the logs now and every minute. Returns the end of it. */
export function watchLogs(directory: string): () => void {
  const look = (): void => {
    try {
      capLogs(directory);
    } catch {
      // A full disk or a removed file is no reason to stop anything.
    }
  };
  look();
  const timer = setInterval(look, 60_000).unref();
  return () => clearInterval(timer);
}

/** What a person should see of a log when its program died: fatal and error messages of the last lines. */
export function lastWords(file: string, count = 4): string[] {
  if (!existsSync(file)) return [];
  const { size } = statSync(file);
  const buffer = Buffer.alloc(Math.min(size, 16_384));
  const fd = openSync(file, 'r');
  readSync(fd, buffer, 0, buffer.length, size - buffer.length);
  closeSync(fd);
  const lines = buffer.toString('utf8').split('\n').filter(Boolean).map(readable);
  return lines.filter((line) => line !== undefined).slice(-count);
}

/** pino's JSON in one short line, below warnings nothing; other text as it is. */
function readable(line: string): string | undefined {
  if (!line.startsWith('{')) return line.slice(0, 300);
  try {
    const entry = JSON.parse(line) as { level?: unknown; msg?: unknown; err?: { message?: unknown } };
    if (typeof entry.level === 'number' && entry.level < 50) return undefined;
    return [entry.msg, entry.err?.message]
      .filter((part) => typeof part === 'string')
      .join(': ')
      .slice(0, 300);
  } catch {
    return undefined;
  }
}
