/** What mocha prints, and beside it each test that was tried again, with the reason: what passes the second time is not forgotten. */
import { reporters, Runner, type MochaOptions, type Test } from 'mocha';

// eslint-disable-next-line no-restricted-syntax -- mocha takes the default export
export default class Reporter extends reporters.Spec {
  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options);
    const again: string[] = [];
    runner.on(Runner.constants.EVENT_TEST_RETRY, (test: Test, error: Error) => {
      const lines = (error.stack ?? error.message)
        .split('\n')
        .filter((line) => !/node_modules|node:internal/.test(line));
      again.push(`  ${test.fullTitle()}\n     ${lines.join('\n     ')}`);
    });
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      if (again.length > 0) process.stdout.write(`\n  ${again.length} tried again\n\n${again.join('\n\n')}\n\n`);
    });
  }
}
