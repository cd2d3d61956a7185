/** Memory of the stack's processes, each page counted once (PSS). Linux only; elsewhere nothing is reported. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Memory {
  readonly name: string;
  readonly megabytes: number;
}

function pss(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0; // gone meanwhile
  }
}

function parents(): Map<number, number> {
  const of = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      of.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // gone meanwhile
    }
  }
  return of;
}

/**
 * By name, and `all`. Children count with their parent: PostgreSQL has one process per connection. The starter, which is
 * the benchmark itself here, is left out.
 */
export function memoryOf(pids: Readonly<Record<string, number>>): Memory[] {
  if (process.platform !== 'linux') return [];
  const parent = parents();
  const found = Object.entries(pids)
    .filter(([name]) => name !== 'starter')
    .map(([name, pid]) => {
      const family = [...parent].filter(([child, of]) => child === pid || of === pid || parent.get(of) === pid);
      return { name, megabytes: Math.round(family.reduce((sum, [child]) => sum + pss(child), 0)) };
    });
  return [...found, { name: 'all', megabytes: found.reduce((sum, { megabytes }) => sum + megabytes, 0) }];
}
