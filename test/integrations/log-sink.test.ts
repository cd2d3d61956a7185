import assert from 'node:assert/strict';
import { logSink } from '../../integrations/log-sink.ts';

const fail = (code: string): never => {
  throw Object.assign(new Error(code), { code });
};

describe('the log of a process', () => {
  it('rule 16: a full disk costs lines, not the process; the next line that fits says how many are missing', () => {
    let room = 8;
    let file = '';
    const sink = logSink(1, (_fd, bytes, from) => {
      const fits = Math.min(room, bytes.length - from);
      if (fits === 0) return fail('ENOSPC');
      room -= fits;
      file += bytes.subarray(from, from + fits).toString();
      return fits;
    });
    for (const line of ['first\n', 'second\n', 'third\n']) sink.write(line);
    room = 10_000;
    for (const line of ['fourth\n', 'fifth\n']) sink.write(line);
    const lines = file.split('\n');
    assert.deepEqual([lines[0], lines[1], lines[3], lines[4]], ['first', 'se', 'fourth', 'fifth']);
    assert.match((JSON.parse(lines[2] ?? '') as { msg: string }).msg, /缺少 2 行 \/ .*: 2 lines are missing/);
  });

  it('rule 16: a reader that stands still is waited for a moment once, not at every line', () => {
    const sink = logSink(1, () => fail('EAGAIN'));
    const began = performance.now();
    for (let i = 0; i < 1_000; i++) sink.write('line\n');
    assert.ok(performance.now() - began < 2_000);
  });
});
