/** What an order costs in Temporal, counted from its history: the figures do not depend on the machine. */
import type { History } from '@temporalio/common/lib/proto-utils.js';
import proto from '@temporalio/proto';

const { EventType } = proto.temporal.api.enums.v1;

export interface Cost {
  readonly events: number;
  /**
   * Temporal Cloud's billing units: the start, each attempt of an activity, the local activities of one workflow task
   * together, each timer, signal, update and change of search attributes.
   */
  readonly actions: number;
}

export function costOf({ events }: History): Cost {
  let actions = 0;
  let taskWithMarker: string | undefined;
  for (const event of events ?? []) {
    switch (event.eventType) {
      case EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
        actions += event.activityTaskStartedEventAttributes?.attempt ?? 1;
        break;
      case EventType.EVENT_TYPE_MARKER_RECORDED: {
        const task = String(event.markerRecordedEventAttributes?.workflowTaskCompletedEventId);
        if (task !== taskWithMarker) actions++;
        taskWithMarker = task;
        break;
      }
      case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
      case EventType.EVENT_TYPE_TIMER_STARTED:
      case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
      case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
      case EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
        actions++;
        break;
      default:
    }
  }
  return { events: events?.length ?? 0, actions };
}
