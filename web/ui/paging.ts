/** Pages by the last id seen: the way back is remembered here. */
import { useState } from 'react';

export function usePaging(): {
  readonly before: number | undefined;
  readonly reset: () => void;
  readonly more: (next: number | null | undefined) => {
    has: boolean;
    first: boolean;
    next: () => void;
    back: () => void;
  };
} {
  const [trail, setTrail] = useState<readonly number[]>([]);
  return {
    before: trail.at(-1),
    reset: () => setTrail([]),
    more: (next) => ({
      has: next !== null && next !== undefined,
      first: trail.length === 0,
      next: () => {
        if (next !== null && next !== undefined) setTrail([...trail, next]);
      },
      back: () => setTrail(trail.slice(0, -1)),
    }),
  };
}
