/** Chance that can be repeated: the same seed gives the same run of numbers (mulberry32). */
export interface Chance {
  /** 0 ≤ x < 1. */
  next(): number;
  below(n: number): number;
  /** True in `share` of the cases. */
  often(share: number): boolean;
  pick<T>(from: readonly T[]): T;
}

export function seeded(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return {
    next,
    below,
    often: (share) => next() < share,
    pick(from) {
      const picked = from[below(from.length)];
      if (picked === undefined) throw new Error('nothing to pick from');
      return picked;
    },
  };
}
