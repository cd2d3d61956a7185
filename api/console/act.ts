/** One door for every action on an order, whoever comes through it. */
import { applyAction } from '../../db/actions.ts';
import { orderByNo } from '../../db/orders.ts';
import { actionRules } from '../../domain/actions.ts';
import { KnownError } from '../../domain/errors.ts';
import type { actionAnswer, actionBody } from '../contract/console-work.ts';
import type { ApiDeps } from '../deps.ts';
import type { Staff } from '../serve.ts';
import { agrees, askAbout } from './ask-provider.ts';
import { sealTyped } from './typed-cards.ts';

type Body = (typeof actionBody)['_output'];
type Answer = (typeof actionAnswer)['_output'];

/** The row is the action; the workflow's answer is a courtesy. */
export async function actOnOrder(deps: ApiDeps, staff: Staff, orderNo: string, body: Body): Promise<Answer> {
  const { pool, keyring, temporal } = deps;
  const { id, kind, note, goods, source, takeOver } = body;
  const { right } = actionRules[kind];
  if (!staff.rights.has(right)) throw new KnownError('FORBIDDEN', { needs: right });
  const action = { id, kind, note, orderNo, takeOver, actorId: staff.actorId, ...(source !== undefined && { source }) };
  if (kind === 'confirm_payment') await askFirst(deps, orderNo);
  let cards;
  if (kind === 'deliver_by_hand' && goods) {
    const order = await orderByNo(pool, orderNo);
    if (!order) throw new KnownError('ORDER_NOT_FOUND');
    cards = sealTyped(keyring, { id: order.productId, kind: order.productKind }, orderNo, goods);
  }
  const applied = await applyAction(pool, cards ? { ...action, cards } : action);
  const answered = applied.outboxId === undefined ? undefined : await temporal.apply(orderNo, id);
  return { state: answered ?? applied.state, workflow: answered ? 'answered' : 'later' };
}

/** Who confirms a payment against the word of the provider says so on purpose: there is a route for it. */
async function askFirst(deps: ApiDeps, orderNo: string): Promise<void> {
  const order = await orderByNo(deps.pool, orderNo);
  if (!order) throw new KnownError('ORDER_NOT_FOUND');
  const said = await askAbout(deps, order, true);
  if (said.answer !== 'cannot_ask' && !agrees(order, said)) throw new KnownError('CONFIRM_ON_PURPOSE', said);
}
