/** Where log lines go. What is written about must go on, so a log that cannot be written is no trouble of anybody else. */
import { writeSync } from 'node:fs';

const eagainPatienceMs = 200;
const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes lines to an open file, at once and in order. A full disk or a reader that is gone costs lines, never the
 * process: lines are dropped until one can be written, and that one comes after a line that says how many are missing.
 */
export function logSink(
  fd: number,
  write: (fd: number, bytes: Buffer, from: number) => number = writeSync,
): { write(line: string): void } {
  let lost = 0;
  let torn = false;

  /** False if not all of it was written. */
  const put = (line: string): boolean => {
    const bytes = Buffer.from(line);
    // A reader that does not keep up is waited for a little, and no longer once lines were lost.
    const deadline = Date.now() + (lost === 0 ? eagainPatienceMs : 0);
    let from = 0;
    while (from < bytes.length) {
      try {
        from += write(fd, bytes, from);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN' && Date.now() < deadline) {
          Atomics.wait(pause, 0, 0, 10);
          continue;
        }
        torn ||= from > 0;
        return false;
      }
    }
    torn = false;
    return true;
  };
  const gap = (): string =>
    JSON.stringify({
      level: 50,
      time: new Date().toISOString(),
      pid: process.pid,
      msg: `日志曾无法写入，缺少 ${lost} 行 / the log could not be written: ${lost} lines are missing`,
    });
  return {
    write(line) {
      if (lost > 0) {
        if (!put(`${torn ? '\n' : ''}${gap()}\n`)) {
          lost++;
          return;
        }
        lost = 0;
      }
      if (!put(line)) lost = 1;
    },
  };
}
