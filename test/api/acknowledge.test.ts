import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { RawNotification } from '../../integrations/payments/provider.ts';
import { gateways, type Gateway } from '../support/gateways.ts';
import { moneyOf } from '../support/money.ts';
import { startSystem, type System } from '../support/system.ts';

/** What each provider must read, byte by byte: taken in, refused, not durable yet. */
type Bytes = readonly [status: number, body: string];
const expected: Readonly<Record<string, readonly [accepted: Bytes, refused: Bytes, later: Bytes]>> = {
  alipay: [[200, 'success'], [200, 'failure'], [503, 'failure']],
  wechat: [[200, '{"code":"SUCCESS"}'], [401, '{"code":"FAIL","message":"refused"}'], [503, '{"code":"FAIL","message":"try again"}']],
  epay: [[200, 'success'], [200, 'fail'], [503, 'fail']],
  epay_v2: [[200, 'success'], [200, 'fail'], [503, 'fail']],
  stripe: [[200, 'ok'], [400, 'refused'], [503, 'try again']],
  usdt: [[200, 'ok'], [400, 'fail'], [503, 'fail']],
  webhook: [[200, '{"ok":true}'], [400, '{"ok":false}'], [503, '{"ok":false}']],
  sandbox: [[200, '{"ok":true}'], [400, '{"ok":false}'], [503, '{"ok":false}']],
}; // prettier-ignore

interface Answer {
  readonly bytes: Bytes;
  readonly headers: http.IncomingHttpHeaders;
  readonly ms: number;
}

describe('A3: acknowledgements, provider by provider', function () {
  this.timeout(60_000);
  let system: System;
  const started = new Map<string, { readonly gateway: Gateway; readonly account: number }>();
  const { account, order, rows, stateOf } = moneyOf(() => system);

  before(async () => {
    const ids = Object.keys(expected);
    const all = await Promise.all(ids.map(async (id) => gateways[id]?.()));
    const reach = all.flatMap((gateway) => gateway?.account.config['gateway'] ?? []);
    system = await startSystem({ reach });
    for (const [i, gateway] of all.entries()) {
      const { provider, config } = gateway?.account ?? { provider: '', config: {} };
      if (gateway) started.set(ids[i] ?? '', { gateway, account: await account(provider, config) });
    }
  });
  after(async () => {
    await system.stop();
    await Promise.all([...started.values()].map(({ gateway }) => gateway.close()));
  });

  const send = async (id: string, raw: RawNotification): Promise<Answer> => {
    const at = started.get(id);
    const url = `${system.base}/notify/${at?.gateway.provider.id ?? ''}/${at?.account ?? 0}`;
    const began = performance.now();
    const request = http.request(raw.query === '' ? url : `${url}?${raw.query}`, {
      method: raw.method,
      headers: raw.headers as http.OutgoingHttpHeaders,
    });
    request.end(raw.body);
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('latin1');
    return { bytes: [response.statusCode ?? 0, body], headers: response.headers, ms: performance.now() - began };
  };
  /** An order that is paid at the gateway, and the notification of it. */
  const paid = async (id: string): Promise<{ orderNo: string; raw: RawNotification }> => {
    const at = started.get(id);
    assert.ok(at);
    const { orderNo } = await order(at.account);
    await at.gateway.pay(orderNo);
    return { orderNo, raw: at.gateway.notification(orderNo) };
  };
  const altered = (raw: RawNotification): RawNotification =>
    raw.query === ''
      ? { ...raw, body: Buffer.from(raw.body.toString('latin1').replace(/\d(?=\D*$)/, (d) => String((Number(d) + 1) % 10)), 'latin1') }
      : { ...raw, query: raw.query.replace(/money=\d/, 'money=9') }; // prettier-ignore

  for (const [id, [accepted, refused]] of Object.entries(expected)) {
    it(`${id}: byte-exact, nothing added; when it is heard, the payment is in the books`, async () => {
      const { orderNo, raw } = await paid(id);
      const forged = await send(id, altered(raw));
      assert.deepEqual(forged.bytes, refused);
      const answer = await send(id, raw);
      assert.deepEqual(answer.bytes, accepted);
      const [row] = await rows<{ n: number }>('select count(*)::int as n from payments where order_no = $1', orderNo);
      assert.equal(row?.n, 1);
      assert.equal(answer.headers['content-length'], String(accepted[1].length));
      for (const extra of ['etag', 'set-cookie', 'location', 'content-encoding', 'transfer-encoding'])
        assert.equal(answer.headers[extra], undefined, extra);
      assert.deepEqual((await send(id, raw)).bytes, accepted, 'and again');
    });
  }

  it('while PostgreSQL is too slow nothing is acknowledged, each hears "again" within 2 s; the repetition is taken in, once', async () => {
    const ids = Object.keys(expected);
    const all: { id: string; orderNo: string; raw: RawNotification }[] = [];
    for (const id of ids) all.push({ id, ...(await paid(id)) });
    const nos = all.map(({ orderNo }) => orderNo);
    const locker = await system.parts.pool.connect();
    await locker.query('begin');
    await locker.query('select from orders where no = any ($1) for update', [nos]);
    const answers = await Promise.all(all.map(({ id, raw }) => send(id, raw)));
    for (const [i, { bytes, ms }] of answers.entries()) {
      const { id } = all[i] ?? { id: '' };
      assert.deepEqual(bytes, expected[id]?.[2], id);
      assert.ok(ms < 2_500, `${id}: ${ms} ms`);
    }
    const none = await rows('select 1 from payments where order_no = any ($1)', nos);
    assert.equal(none.length, 0, 'nothing was durable');
    await locker.query('rollback');
    locker.release();
    for (const { id, orderNo, raw } of all) {
      assert.deepEqual((await send(id, raw)).bytes, expected[id]?.[0], id);
      assert.equal(await stateOf(orderNo), 'paid');
    }
    const [count] = await rows<{ n: number }>('select count(*)::int as n from payments where order_no = any ($1)', nos);
    assert.equal(count?.n, nos.length);
  });
});
