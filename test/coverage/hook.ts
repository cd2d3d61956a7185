/**
 * Loaded before the tests: workflow code runs in a bundle of its own, where V8 does not see it, so the bundle is
 * instrumented and hands its counts over through a sink.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type * as nyc from '@temporalio/nyc-test-coverage';
import type * as temporal from '@temporalio/worker';

const require = createRequire(import.meta.url);
const found = globalThis as { __coverage__?: Record<string, unknown> };
found.__coverage__ = {};
const { WorkflowCoverage } = require('@temporalio/nyc-test-coverage') as typeof nyc;
const coverage = new WorkflowCoverage();

// Before anybody imports it: an import of ES modules keeps the function that it found.
const bundler = require('@temporalio/worker/lib/workflow/bundler') as {
  bundleWorkflowCode: (options: temporal.BundleOptions) => Promise<temporal.WorkflowBundleWithSourceMap>;
};
const { bundleWorkflowCode } = bundler;
bundler.bundleWorkflowCode = (options) => bundleWorkflowCode(coverage.augmentBundleOptions(options));
const { Worker } = require('@temporalio/worker') as typeof temporal;
const create = Worker.create.bind(Worker);
Worker.create = ({ workflowBundle, ...options }) =>
  create(workflowBundle ? coverage.augmentWorkerOptionsWithBundle({ ...options, workflowBundle }) : options);

export const mochaHooks = {
  afterAll(): void {
    coverage.mergeIntoGlobalCoverage();
    const folder = path.resolve('coverage');
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'workflows.json'), JSON.stringify(found.__coverage__));
  },
};
