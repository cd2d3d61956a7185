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
  /** 易支付 is confirmed by a query of its gateway before anything is delivered. */
  readonly by: 'sandbox' | 'epay';
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
  const by = chance.often(0.25) ? 'epay' : 'sandbox';
  const sends: Send[] = [];
  if (chance.often(0.95)) for (let copies = 1 + chance.below(4); copies > 0; copies--) sends.push(send('exact', 600));
  // The fake gateway signs only what was paid there.
  if (by === 'sandbox' && chance.often(0.25)) sends.push(send('wrong', 300));
  if (by === 'sandbox' && chance.often(0.1)) sends.push(send('forged', 600));
  if (by === 'sandbox' && chance.often(0.08)) sends.push(send('second', 1_500));
  return {
    by,
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
  'crash PostgreSQL',
  'cut the line to PostgreSQL',
  'stall the line to PostgreSQL',
  'cut the line to Temporal',
  'stall the line to Temporal',
] as const;
export type FaultKind = (typeof faultKinds)[number];
