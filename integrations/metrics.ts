/** Prometheus figures of one process. Labels are closed sets: never an order, a buyer or a key. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  readonly registry: Registry;
  readonly notifications: Counter<'provider' | 'verdict' | 'decision'>;
  readonly acknowledge: Histogram;
  readonly starts: Counter<'by' | 'result'>;
  readonly steps: Histogram<'step' | 'result'>;
  readonly reconciled: Counter<'why'>;
  readonly outboxWaiting: Gauge;
  readonly outboxOldest: Gauge;
  readonly databaseUp: Gauge;
  readonly temporalUp: Gauge;
}

const fast = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30];

export function createMetrics(processName: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ process: processName });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    notifications: new Counter({ name: 'miaofa_notifications_total', help: 'Payment notifications by verdict and decision', labelNames: ['provider', 'verdict', 'decision'], registers }), // prettier-ignore
    acknowledge: new Histogram({ name: 'miaofa_acknowledge_seconds', help: 'First byte of a notification to its acknowledgement', buckets: fast, registers }), // prettier-ignore
    starts: new Counter({ name: 'miaofa_workflow_starts_total', help: 'Workflow starts and wakes', labelNames: ['by', 'result'], registers }), // prettier-ignore
    steps: new Histogram({ name: 'miaofa_step_seconds', help: 'Steps of orders', labelNames: ['step', 'result'], buckets: fast, registers }), // prettier-ignore
    reconciled: new Counter({ name: 'miaofa_reconciled_total', help: 'Orders that reconcile had to set going', labelNames: ['why'], registers }), // prettier-ignore
    outboxWaiting: new Gauge({ name: 'miaofa_outbox_waiting', help: 'Promises to Temporal not yet kept', registers }),
    outboxOldest: new Gauge({ name: 'miaofa_outbox_oldest_seconds', help: 'Age of the oldest of them', registers }),
    databaseUp: new Gauge({ name: 'miaofa_database_up', help: '1 while PostgreSQL answers this process', registers }),
    temporalUp: new Gauge({ name: 'miaofa_temporal_up', help: '1 while this process has a Temporal connection', registers }), // prettier-ignore
  };
}
