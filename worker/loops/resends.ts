/** 卡密重发: what buyers asked for once more goes out. The order's story has ended; this needs none. */
import type { ActivityDeps } from '../../activities/deps.ts';
import { giveUpMessage, sendMail } from '../../activities/tell.ts';
import { takeResends } from '../../db/resends.ts';

/** True if there may be more. One that cannot be sent yet comes back by itself and keeps nobody else waiting. */
export async function sendResends(deps: ActivityDeps): Promise<boolean> {
  const due = await takeResends(deps.pool, 20);
  for (const { id, orderNo, late } of due) {
    try {
      await (late ? giveUpMessage(deps, id) : sendMail(deps, id));
    } catch (error) {
      deps.log.warn({ order: orderNo, err: error }, 'goods were not sent again yet');
    }
  }
  return due.length === 20;
}
