/** What buyers, gateways, forgers and staff will do, drawn in advance: the same seed gives the same plan. */
import type { Chance } from './seeded.ts';

export interface Send {
  readonly kind: 'exact' | 'wrong' | 'forged' | 'second';
  readonly afterMs: number;
  /** Which of the API processes. */
  readonly to: number;
  /** Change of the amount, in minor units. */
  readonly off: number;
}

export interface OrderPlan {
  readonly quantity: number;
  readonly mail: boolean;
  readonly sends: readonly Send[];
  /** Milliseconds after which staff close it, pressing twice. */
  readonly closeAfterMs: number | undefined;
}

export function planOrder(chance: Chance): OrderPlan {
  const send = (kind: Send['kind'], withinMs: number): Send => ({
    kind,
    afterMs: chance.below(withinMs),
    to: chance.below(2),
    off: kind === 'wrong' ? chance.pick([-1, 1, 1000]) : 0,
  });
  const sends: Send[] = [];
  if (chance.often(0.95)) for (let copies = 1 + chance.below(4); copies > 0; copies--) sends.push(send('exact', 600));
  if (chance.often(0.25)) sends.push(send('wrong', 300));
  if (chance.often(0.1)) sends.push(send('forged', 600));
  if (chance.often(0.08)) sends.push(send('second', 1_500));
  return {
    quantity: 1 + chance.below(3),
    mail: chance.often(0.6),
    sends,
    closeAfterMs: chance.often(0.06) ? chance.below(800) : undefined,
  };
}

export const faultKinds = [
  'kill a worker',
  'kill a worker',
  'kill an API',
  'stall a worker',
  'end database sessions',
  'end database sessions',
  'refuse mail',
  'lose mail answers',
  'switch off and on',
  'restart Temporal',
] as const;
export type FaultKind = (typeof faultKinds)[number];
