/** Faults of every kind, one after the other, while orders are played. What is killed is started again at once. */
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { forkApi, forkWorker, type TestProcess } from '../../support/processes.ts';
import type { OwnPostgres, TestTemporal } from '../../support/services.ts';
import type { TcpProxy } from '../../support/tcp-proxy.ts';
import { faultKinds, type FaultKind } from './plan.ts';
import { insist, type Stage } from './play.ts';
import type { Chance } from './seeded.ts';

/** A place where a process runs, and runs again after it was killed. */
export interface Place {
  process: TestProcess | undefined;
  restarted: Promise<void>;
  readonly start: () => Promise<TestProcess>;
}

export async function occupy(start: () => Promise<TestProcess>): Promise<Place> {
  return { process: await start(), restarted: Promise.resolve(), start };
}

export const workerPlace = (stage: Pick<Stage, 'system'>): Promise<Place> => occupy(() => forkWorker(stage.system));
export const apiPlace = (stage: Pick<Stage, 'system'>, port: number): Promise<Place> =>
  occupy(() => forkApi(stage.system, { port }));

async function killAt(place: Place): Promise<void> {
  const { process } = place;
  if (!process) return; // it is on its way back
  place.process = undefined;
  await process.kill();
  place.restarted = insist('a restart', place.start).then((started) => void (place.process = started));
  place.restarted.catch(() => undefined); // said at the end, where it is awaited
}

export interface Targets {
  readonly stage: Stage;
  readonly temporal: TestTemporal;
  readonly postgres: OwnPostgres;
  /** Between the processes and what they work with. */
  readonly lines: Readonly<Record<'postgres' | 'temporal', TcpProxy>>;
  readonly workers: readonly Place[];
  readonly apis: readonly Place[];
}

async function withDatabase<T>(stage: Stage, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: stage.system.database.url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

const databaseClock = (stage: Stage): Promise<number> =>
  insist('the clock', () =>
    withDatabase(stage, async (client) => {
      const { rows } = await client.query<{ ms: number }>(
        'select extract(epoch from clock_timestamp())::float8 * 1000 as ms',
      );
      return rows[0]?.ms ?? 0;
    }),
  );

async function switchDelivery(stage: Stage, on: boolean): Promise<void> {
  await insist('the switch', async () => {
    const answer = await fetch(`${stage.system.base}/ops/api/auto-delivery`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${stage.system.opsToken}` },
      body: JSON.stringify({ on }),
    });
    if (!answer.ok) throw new Error(`switch → ${answer.status}`);
  });
}

async function disturb(line: TcpProxy, how: 'cut' | 'stalled', ms: number): Promise<void> {
  await line.set(how);
  await pause(ms);
  await line.set('open');
}

const strike: Readonly<Record<FaultKind, (targets: Targets, chance: Chance) => Promise<void>>> = {
  'kill a worker': ({ workers }, chance) => killAt(chance.pick(workers)),
  'kill an API': ({ apis }, chance) => killAt(chance.pick(apis)),
  async 'stall a worker'({ workers }, chance) {
    const { process } = chance.pick(workers);
    process?.child.kill('SIGSTOP');
    await pause(3_500);
    process?.child.kill('SIGCONT');
  },
  'end database sessions': ({ stage }) =>
    withDatabase(stage, async (client) => {
      await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and random() < 0.7`,
      );
    }),
  async 'refuse mail'({ stage: { system } }) {
    system.mail.trouble = { code: 451 };
    await pause(1_500);
    system.mail.trouble = undefined;
  },
  async 'lose mail answers'({ stage: { system } }) {
    system.mail.trouble = 'cut-after-data';
    await pause(500);
    system.mail.trouble = undefined;
  },
  async 'switch off and on'({ stage }, chance) {
    await switchDelivery(stage, false);
    const from = await databaseClock(stage);
    await pause(500 + chance.below(1_000));
    const to = await databaseClock(stage);
    await switchDelivery(stage, true);
    stage.note({ what: 'switched off', from, to });
  },
  'restart Temporal': ({ temporal }) => temporal.restart(),
  'crash PostgreSQL': ({ postgres }) => postgres.crash(),
  'cut the line to PostgreSQL': ({ lines }, chance) => disturb(lines.postgres, 'cut', 300 + chance.below(1_200)),
  'stall the line to PostgreSQL': ({ lines }, chance) => disturb(lines.postgres, 'stalled', 500 + chance.below(3_500)),
  'cut the line to Temporal': ({ lines }, chance) => disturb(lines.temporal, 'cut', 300 + chance.below(1_200)),
  'stall the line to Temporal': ({ lines }, chance) => disturb(lines.temporal, 'stalled', 500 + chance.below(3_500)),
};

/** Strikes until `over`; then everything is whole again. */
export async function strikeUntil(over: Promise<unknown>, targets: Targets, chance: Chance): Promise<void> {
  let done = false;
  void over.then(() => (done = true), () => (done = true)); // prettier-ignore
  // `done` is set by the promise above, which the compiler does not see.
  while (!(done as boolean)) {
    await Promise.race([over.catch(() => undefined), pause(500 + chance.below(2_000))]);
    if (done as boolean) break;
    const kind = chance.pick(faultKinds);
    targets.stage.note({ what: 'fault', kind });
    await strike[kind](targets, chance);
  }
  await Promise.all([...targets.workers, ...targets.apis].map((place) => place.restarted));
}
