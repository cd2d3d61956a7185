/** How far the operator has come with setting up (E5): read from the data, never from a click. */
import { statement, type Queryable } from './sql.ts';

export interface SetupState {
  readonly owners: number;
  readonly withTotp: number;
  readonly accountsLive: number;
  readonly paidLive: number;
  readonly notifiedLive: number;
  readonly products: number;
  readonly selling: number;
  /** On sale, and in need of no keys of the own pool. */
  readonly sellingWithoutCards: number;
  readonly cardsLive: number;
  readonly cardsTest: number;
  readonly templates: number;
  readonly channels: number;
  readonly channelsWell: number;
  readonly testDelivered: Date | null;
  readonly lastOrder: { no: string; state: string; at: string } | null;
  readonly openTasks: number;
  readonly quarantined: number;
  readonly sandboxes: number;
}

const state = statement<SetupState, []>(
  'setup_state',
  `select
     (select count(*)::int from staff where role = 'owner' and password_hash is not null and disabled_at is null) as owners,
     (select count(*)::int from staff where totp_secret is not null and disabled_at is null) as "withTotp",
     (select count(*)::int from payment_accounts where mode = 'live' and enabled) as "accountsLive",
     (select count(*)::int from (select from payments where mode = 'live' limit 1) x) as "paidLive",
     (select count(*)::int from (select from notifications n join payment_accounts a on a.id = n.account_id and a.mode = 'live' where n.source = 'notify' and n.verdict = 'accepted' limit 1) x) as "notifiedLive",
     (select count(*)::int from products) as products,
     (select count(*)::int from products where state = 'on_sale') as selling,
     (select count(*)::int from products where state = 'on_sale' and kind <> 'card') as "sellingWithoutCards",
     (select count(*)::int from (select from cards where mode = 'live' and state = 'available' limit 1) x) as "cardsLive",
     (select count(*)::int from (select from cards where mode = 'test' and state = 'available' limit 1) x) as "cardsTest",
     (select count(*)::int from templates where archived_at is null) as templates,
     (select count(*)::int from channels where enabled) as channels,
     (select count(*)::int from channels where enabled and last_ok_at is not null) as "channelsWell",
     (select max(released_at) from (select released_at from orders where mode = 'test' and released_at is not null order by id desc limit 50) x) as "testDelivered",
     (select jsonb_build_object('no', no, 'state', state, 'at', created_at) from orders order by id desc limit 1) as "lastOrder",
     (select count(*)::int from tasks where closed_at is null) as "openTasks",
     (select count(*)::int from products where quarantined_at is not null) as quarantined,
     (select count(*)::int from payment_accounts where provider = 'sandbox' and enabled) as sandboxes`,
);
export async function setupState(db: Queryable): Promise<SetupState> {
  const row = (await state(db, []))[0];
  if (!row) throw new Error('setup_state gave no row');
  return row;
}
