/**
 * Seals what a workflow carries (ring `codec`). The key's number stands in the sealed bytes, so codec keys rotate while
 * old histories stay readable. The wire form is that of the Temporal codec server protocol.
 */
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { Keyring } from '../integrations/keyring/keyring.ts';

const encoding = Buffer.from('binary/encrypted');
const aad = 'temporal-payload';
const { Payload: Proto } = proto.temporal.api.common.v1;

export function createCodec(keyring: Keyring): PayloadCodec {
  return {
    encode: (payloads) =>
      Promise.resolve(
        payloads.map((payload) => ({
          metadata: { encoding },
          data: keyring.seal('codec', Buffer.from(Proto.encode(payload).finish()), aad),
        })),
      ),
    decode: (payloads) => Promise.all(payloads.map((payload) => open(keyring, payload))),
  };
}

async function open(keyring: Keyring, payload: Payload): Promise<Payload> {
  const sealed = payload.metadata?.['encoding'];
  if (!sealed || !encoding.equals(sealed) || !payload.data) return payload;
  const data = Buffer.from(payload.data);
  try {
    return Proto.decode(keyring.open('codec', data, aad));
  } catch {
    // A key made by another process since this one started.
    await keyring.refresh();
    return Proto.decode(keyring.open('codec', data, aad));
  }
}
