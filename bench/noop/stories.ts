/** Workflows with the steps of an order and nothing in them: the most that this server and these processes can do. */
import * as wf from '@temporalio/workflow';

interface Steps {
  step(): Promise<void>;
}
const local = wf.proxyLocalActivities<Steps>({ startToCloseTimeout: '3 seconds' });
const ordinary = wf.proxyActivities<Steps>({ startToCloseTimeout: '30 seconds' });

/** Delivery without mail. */
export async function localStep(): Promise<void> {
  await local.step();
}

/** Delivery with mail. */
export async function localAndOrdinaryStep(): Promise<void> {
  await local.step();
  await ordinary.step();
}
