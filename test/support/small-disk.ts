/** A file system of its own that can be filled: a real tmpfs, where it may be mounted. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { onEnd, scratch } from './services.ts';

/** A folder with so much room (`2m`), gone after the file that runs; undefined, said in words, where none can be mounted. */
export function smallDisk(name: string, size: string): string | undefined {
  const folder = scratch(name);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'pipe' });
  } catch {
    process.stderr.write('      skipped: a file system to be filled cannot be mounted here\n');
    return undefined;
  }
  onEnd(() => Promise.resolve(execFileSync('umount', ['-l', folder])));
  return folder;
}

/** Fills a file system to its last byte. Returns what makes room again. */
export function fill(folder: string): () => void {
  const file = path.join(folder, 'filler');
  const fd = openSync(file, 'w');
  try {
    for (const bytes of [Buffer.alloc(1 << 16), Buffer.alloc(1 << 12)]) {
      try {
        for (;;) writeSync(fd, bytes);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(fd);
  }
  return () => rmSync(file);
}
