/** What a benchmark is: a name by which it is run, and samples with their unit. bench/main.ts runs and records them. */

/** Raw samples of one thing measured; percentiles are made of them when they are shown. */
export interface Measurement {
  /** Unique within a run, as `P1 notify to page`. */
  readonly name: string;
  readonly unit: 'ms' | 'per second' | 'count' | 'bytes' | 'MB';
  readonly samples: readonly number[];
  /** The measurement of the same run that this one is compared with. */
  readonly beside?: string;
  /** What is aimed at, in words, as `p50 ≤ 20, p99 ≤ 100`. */
  readonly aim?: string;
  readonly note?: string;
}

export interface BenchOptions {
  /** 1 = full size; smaller for a smoke run. */
  readonly size: number;
  readonly say: (line: string) => void;
}

export interface Bench {
  readonly name: string;
  readonly what: string;
  run(options: BenchOptions): Promise<Measurement[]>;
}

/** The value below which `share` of the samples lie (nearest rank). */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
