/** Mail to the buyer and webhook to the shop, after the goods show. The row is the occurrence (rule 8). */
import { webhookSecretColumns, type WebhookSecrets } from './access.ts';
import { actors } from './locks.ts';
import { statement, transaction, type Pool, type Queryable } from './sql.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { Mode } from '../domain/order.ts';
import type { LocalizedTexts } from '../domain/templates.ts';

export interface OutgoingMessage extends WebhookSecrets {
  readonly id: number;
  readonly kind: 'mail' | 'resend' | 'webhook';
  readonly state: 'pending' | 'sent' | 'failed';
  readonly createdAt: Date;
  readonly orderId: number;
  readonly orderNo: string;
  readonly mode: Mode;
  readonly locale: string;
  readonly productId: number;
  readonly productName: string;
  readonly sku: string;
  readonly quantity: number;
  readonly releasedAt: Date | null;
  readonly contact: Buffer | null;
  readonly token: Buffer;
  readonly shopId: number;
  readonly webhookUrl: string | null;
  /** What the buyer is told besides and the names of the parts of its keys, as sold. */
  readonly texts: LocalizedTexts;
  readonly labels: readonly string[];
  /** Sealed cards, in the order in which they are shown. */
  readonly cards: readonly SealedCard[];
}

export interface SealedCard {
  readonly id: number;
  readonly ciphertext: Buffer;
  readonly fingerprint: Buffer;
}

const load = statement<Omit<OutgoingMessage, 'cards'> & { cards: { id: number; c: string; f: string }[] }, [number]>(
  'message_load',
  `select m.id, m.kind, m.state, m.created_at as "createdAt", o.id as "orderId", o.no as "orderNo", o.mode, o.locale,
          p.id as "productId", p.name as "productName", p.sku, o.quantity, o.released_at as "releasedAt", o.contact, o.token,
          coalesce((select content from delivery_texts where id = o.text_id and m.kind in ('mail', 'resend', 'webhook')), '{}') as texts, coalesce(o.part_labels, p.part_labels) as labels,
          s.id as "shopId", s.webhook_url as "webhookUrl", ${webhookSecretColumns},
          coalesce((select jsonb_agg(jsonb_build_object('id', c.id, 'c', encode(c.ciphertext, 'base64'), 'f', encode(c.fingerprint, 'base64')) order by c.seq)
                    from goods_of_orders c where c.order_id = o.id and m.kind in ('mail', 'resend')), '[]') as cards
   from messages m join orders o on o.id = m.order_id join products p on p.id = o.product_id join shops s on s.id = o.shop_id
   where m.id = $1`,
);

/** All that one message needs, in one statement; undefined if there is no such message. */
export async function loadMessage(db: Queryable, id: number): Promise<OutgoingMessage | undefined> {
  const row = (await load(db, [id]))[0];
  return row && { ...row, cards: row.cards.map(fromBase64) };
}

function fromBase64(card: { id: number; c: string; f: string }): SealedCard {
  return { id: card.id, ciphertext: Buffer.from(card.c, 'base64'), fingerprint: Buffer.from(card.f, 'base64') };
}

const lock = statement<object, [number]>('message_lock_order', 'select from orders where id = $1 for no key update');
const finish = statement<object, [number, number, 'sent' | 'failed', ErrorCode | null]>(
  'message_finish',
  `with ended as (
     update messages set state = $3, failure_code = $4, sent_at = case when $3 = 'sent' then now() end
     where id = $1 and state = 'pending' returning kind
   ), eased as (
     update tasks set closed_at = now(), closed_by = ${actors.automation}
     where order_id = $2 and closed_at is null and code = 'KEY_UNREADABLE' and $3 = 'sent'
   ), asked as (
     insert into tasks (order_id, code) select $2, $4 from ended where $4::text is not null on conflict do nothing
   ), noted as (
     insert into audit (actor_id, action, order_id, detail)
     select ${actors.automation}, 'message', $2, jsonb_build_object('message', $1::bigint, 'kind', kind, 'state', $3::text, 'code', $4::text) from ended
   )
   update orders set done_at = now()
   where id = $2 and done_at is null
     and not exists (select from messages where order_id = $2 and state = 'pending' and id <> $1 and kind in ('mail', 'webhook'))`,
);

/**
 * Ends a message. The last one also ends the order's story. Under the order's lock, or two messages that end at once
 * would each see the other pending.
 */
export async function finishMessage(
  pool: Pool,
  message: { id: number; orderId: number },
  state: 'sent' | 'failed',
  code: ErrorCode | null = null,
): Promise<void> {
  await transaction(pool, async (tx) => {
    await lock(tx, [message.orderId]);
    await finish(tx, [message.id, message.orderId, state, code]);
  });
}

const unreadable = statement<object, [number]>(
  'message_unreadable',
  `insert into tasks (order_id, code) values ($1, 'KEY_UNREADABLE') on conflict do nothing`,
);
/** What a message needs cannot be opened: people look at the master key while it is tried again. */
export async function noteUnreadable(db: Queryable, orderId: number): Promise<void> {
  await unreadable(db, [orderId]);
}
