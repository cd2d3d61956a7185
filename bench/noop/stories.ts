/** Workflows with the steps of an order and nothing in them: the most that this server and these processes can do. */
import * as wf from '@temporalio/workflow';

interface Order {
  readonly orderId: number;
  readonly orderNo: string;
}
interface Steps {
  step(order: Pick<Order, 'orderId'>): Promise<{ state: string }>;
}
const local = wf.proxyLocalActivities<Steps>({ startToCloseTimeout: '3 seconds' });
const ordinary = wf.proxyActivities<Steps>({ startToCloseTimeout: '30 seconds' });

/** Delivery without mail. */
export async function localStep({ orderId }: Order): Promise<{ state: string }> {
  return local.step({ orderId });
}

/** Delivery with mail. */
export async function localAndOrdinaryStep({ orderId }: Order): Promise<{ state: string }> {
  const { state } = await local.step({ orderId });
  await ordinary.step.executeWithOptions({ summary: '邮件给买家' }, [{ orderId }]);
  return { state };
}
