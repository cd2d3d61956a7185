/** Home: the checklist of setting up, its states read from the data. */
import type { Router } from 'express';
import { setupState, type SetupState } from '../../db/checklist.ts';
import { liveSince } from '../../db/live.ts';
import { readSetting } from '../../db/settings.ts';
import { consoleOverview } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { serve, type Authenticate } from '../serve.ts';

type Home = (typeof consoleOverview.home.response)['_output'];
type Step = Home['steps'][number];

function stepsOf(s: SetupState, selling: boolean, live: boolean): Step[] {
  const step = (id: Step['id'], minutes: number, done: boolean, whole: boolean, facts: Step['facts']): Step => ({
    id,
    minutes,
    state: !done ? 'open' : whole ? 'done' : 'attention',
    facts,
  });
  return [
    step('account', 2, s.owners > 0, s.withTotp > 0, { owners: s.owners, withTotp: s.withTotp }),
    step('payment', 8, s.accountsLive > 0, s.notifiedLive > 0, { accounts: s.accountsLive, notified: s.notifiedLive > 0 }), // prettier-ignore
    step('product', 5, s.products > 0, s.selling > 0, { products: s.products, selling: s.selling }),
    step('cards', 3, s.cardsLive > 0 || s.sellingWithoutCards > 0, true, {
      live: s.cardsLive > 0,
      test: s.cardsTest > 0,
    }),
    step('template', 4, s.templates > 0, true, { templates: s.templates }),
    step('channels', 3, s.channels > 0, s.channelsWell > 0, { channels: s.channels, well: s.channelsWell }),
    step('test_order', 2, s.testDelivered !== null, true, { at: s.testDelivered?.toISOString() ?? null }),
    step('live', 1, live, s.paidLive > 0, { switch: selling }),
  ];
}

export function homeRoute(router: Router, authenticate: Authenticate, { pool, environment }: ApiDeps): void {
  serve(router, authenticate, consoleOverview.home, async () => {
    const [state, autoDelivery, since] = await Promise.all([setupState(pool), readSetting(pool, 'auto_delivery'), liveSince(pool)]); // prettier-ignore
    const steps = stepsOf(state, autoDelivery === true, since !== null);
    return {
      steps,
      autoDelivery: autoDelivery === true,
      selling: state.selling,
      openTasks: state.openTasks,
      quarantined: state.quarantined,
      lastOrder: state.lastOrder,
      liveReady: steps.filter((s) => s.id !== 'live' && s.id !== 'template').every((s) => s.state !== 'open'),
      publicUrl: environment.PUBLIC_URL,
    };
  });
}
