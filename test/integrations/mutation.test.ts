import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { PaymentEvent, RawNotification } from '../../integrations/payments/provider.ts';
import { freshOrderNo, gateways, type Gateway } from '../support/gateways.ts';

/** Cases per provider; the suite takes a sample, `FUZZ_CASES=100000` the whole. */
const cases = Number(process.env['FUZZ_CASES'] ?? 3_000);

type Mutation =
  | { readonly kind: 'flip'; readonly where: number; readonly bit: number }
  | { readonly kind: 'cut'; readonly where: number; readonly length: number }
  | { readonly kind: 'insert'; readonly where: number; readonly text: string }
  | { readonly kind: 'swap'; readonly a: number; readonly b: number }
  | { readonly kind: 'repeat'; readonly where: number }
  | { readonly kind: 'header'; readonly which: number; readonly where: number; readonly text: string }
  | { readonly kind: 'dropHeader'; readonly which: number }
  | { readonly kind: 'method'; readonly method: string }
  | { readonly kind: 'value'; readonly which: number; readonly text: string };

const where = fc.nat(100_000);
const evil = fc.oneof(
  fc.constantFrom('&', '=', '%', '%00', '&sign=', '&out_trade_no=VICTIM', '"', '{', '}', '[', 'null', '-1', '1e9', '0.01', '999.00', '\u0000', '\ufffd', '__proto__', 'constructor', 'sign_type=MD5', '+', ' '),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
); // prettier-ignore

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), where, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('cut' as const), where, length: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ kind: fc.constant('insert' as const), where, text: evil }),
  fc.record({ kind: fc.constant('swap' as const), a: where, b: where }),
  fc.record({ kind: fc.constant('repeat' as const), where }),
  fc.record({ kind: fc.constant('header' as const), which: fc.nat(9), where, text: evil }),
  fc.record({ kind: fc.constant('dropHeader' as const), which: fc.nat(9) }),
  fc.record({ kind: fc.constant('method' as const), method: fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', '') }),
  fc.record({ kind: fc.constant('value' as const), which: fc.nat(30), text: evil }),
);

/** The carrier of the message: the query of a GET, else the body. */
function edit(raw: RawNotification, change: (bytes: Buffer) => Buffer): RawNotification {
  if (raw.method === 'GET') return { ...raw, query: change(Buffer.from(raw.query)).toString('latin1') };
  return { ...raw, body: change(raw.body) };
}

function mutate(raw: RawNotification, m: Mutation): RawNotification {
  const names = Object.keys(raw.headers);
  switch (m.kind) {
    case 'flip':
      return edit(raw, (bytes) => {
        if (bytes.length === 0) return bytes;
        const copy = Buffer.from(bytes);
        copy[m.where % copy.length]! ^= 1 << m.bit;
        return copy;
      });
    case 'cut':
      return edit(raw, (bytes) => {
        const at = m.where % Math.max(1, bytes.length);
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + m.length)]);
      });
    case 'insert':
      return edit(raw, (bytes) => {
        const at = m.where % (bytes.length + 1);
        return Buffer.concat([bytes.subarray(0, at), Buffer.from(m.text), bytes.subarray(at)]);
      });
    case 'swap':
    case 'repeat':
    case 'value':
      return edit(raw, (bytes) => {
        const joint =
          raw.headers['content-type'] === undefined && bytes.includes('=') && !bytes.includes('{') ? '&' : ',';
        const parts = bytes.toString('latin1').split(joint);
        if (m.kind === 'repeat') parts.push(parts[m.where % parts.length] ?? '');
        else if (m.kind === 'swap') {
          const [a, b] = [m.a % parts.length, m.b % parts.length];
          [parts[a], parts[b]] = [parts[b] ?? '', parts[a] ?? ''];
        } else {
          const at = m.which % parts.length;
          parts[at] = (parts[at] ?? '').replace(/([=:]).*$/s, (_all, mark: string) => mark + m.text);
        }
        return Buffer.from(parts.join(joint), 'latin1');
      });
    case 'header': {
      const name = names[m.which % Math.max(1, names.length)];
      if (name === undefined) return raw;
      const value = String(raw.headers[name]);
      const at = m.where % (value.length + 1);
      return { ...raw, headers: { ...raw.headers, [name]: value.slice(0, at) + m.text + value.slice(at + 1) } };
    }
    case 'dropHeader': {
      const name = names[m.which % Math.max(1, names.length)];
      return { ...raw, headers: Object.fromEntries(Object.entries(raw.headers).filter(([key]) => key !== name)) };
    }
    case 'method':
      return { ...raw, method: m.method };
  }
}

describe('A5: whatever is changed in a genuine notification, it is refused or says the same', function () {
  this.timeout(3_600_000);

  for (const [id, start] of Object.entries(gateways)) {
    it(`${id}: ${cases} mutations, none accepted with another meaning, none crashing`, async () => {
      const gateway: Gateway = await start();
      const orderNo = freshOrderNo();
      await gateway.place(orderNo);
      const genuine = gateway.notification(orderNo);
      const honest = gateway.provider.verify(gateway.account, genuine);
      assert.ok(honest.ok);
      let refused = 0;
      let harmless = 0;
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
          const verdict = gateway.provider.verify(gateway.account, mutations.reduce(mutate, genuine));
          if (!verdict.ok) {
            refused++;
            return;
          }
          // What was signed may come in another order or spelling; it must still say exactly what was signed.
          harmless++;
          assert.deepEqual(plain(verdict.event), plain(honest.event));
        }),
        { numRuns: cases, endOnFailure: true },
      );
      await gateway.close();
      assert.ok(refused > cases * 0.7, `${refused} refused, ${harmless} that changed nothing`);
      if (process.env['FUZZ_CASES']) process.stderr.write(`    ${id}: ${refused} refused, ${harmless} that changed nothing\n`); // prettier-ignore
    });
  }
});

/** `mustConfirm` may be added by a changed clock; it makes intake stricter. */
function plain(event: PaymentEvent): object {
  return Object.fromEntries(Object.entries(event).filter(([key]) => key !== 'mustConfirm'));
}
