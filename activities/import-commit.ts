/** Confirmed lines go into the pool, two blocks at a time: while PostgreSQL takes one, the other is sealed. */
import { setImmediate as yieldTo } from 'node:timers/promises';
import { ensureBatches, finishImport, importBlock, nextOpenBlock, type OpenBlock, type SealedBlock } from '../db/import-blocks.ts'; // prettier-ignore
import type { ImportRow } from '../db/imports.ts';
import { readKeyOptions } from '../domain/import-options.ts';
import { numberOf } from '../domain/key-shape.ts';
import { keyParts } from '../integrations/keyring/goods.ts';
import { blockAad, cardAad } from '../integrations/keyring/aad.ts';
import type { ActivityDeps } from './deps.ts';
import type { BlockText } from './import-check.ts';

const slice = 100;

/** Blocks that are sealed and written side by side: one processor of PostgreSQL's is not kept waiting for ours. */
const lanes = 2;

/** Goes on where an earlier run stopped, until all is in or somebody cancels. */
export async function commitImport(deps: ActivityDeps, file: ImportRow): Promise<void> {
  const batches = await ensureBatches(deps.pool, file.id);
  const { expiresAt } = readKeyOptions(file.options);
  const usual = expiresAt === undefined ? null : new Date(expiresAt);
  let reading: Promise<OpenBlock | undefined> = Promise.resolve(undefined);
  let after = -1;
  const next = (): Promise<OpenBlock | undefined> => {
    // One after the other, so that no block is read twice.
    reading = reading.then(async () => {
      const block = await nextOpenBlock(deps.pool, file.id, after);
      if (block) after = block.n;
      return block;
    });
    return reading;
  };
  const lane = async (): Promise<void> => {
    for (let block = await next(); block; block = await next()) {
      await importBlock(deps.pool, file.id, await sealBlock(deps, file.id, block, batches, usual));
      await deps.fault?.('import:block', file.id);
    }
  };
  // All of them have ended when this ends: nothing of a try comes after it.
  const ended = await Promise.allSettled(Array.from({ length: lanes }, lane));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
  await finishImport(deps.pool, file.id);
}

async function sealBlock(
  deps: ActivityDeps,
  id: number,
  block: OpenBlock,
  batches: ReadonlyMap<number, number>,
  usual: Date | null,
): Promise<SealedBlock> {
  const texts = JSON.parse(
    deps.keyring.open('card', block.sealed, blockAad(id, block.n)).toString('utf8'),
  ) as BlockText[];
  const width = block.fingerprints.length / Math.max(1, texts.length);
  // Written behind one another as they are sealed: thousands of them kept apart until the end cost more to collect than to seal.
  let ciphertexts = Buffer.allocUnsafe(1 << 20);
  let end = 0;
  const starts: number[] = [];
  for (const [at, [text]] of texts.entries()) {
    if (at % slice === slice - 1) await yieldTo();
    const fingerprint = block.fingerprints.subarray(at * width, (at + 1) * width);
    const sealed = deps.keyring.seal('card', text, cardAad(block.productIds[at] ?? 0, fingerprint));
    if (end + sealed.length > ciphertexts.length) ciphertexts = Buffer.concat([ciphertexts, sealed], 2 * (end + sealed.length)); // prettier-ignore
    starts.push(end);
    end += sealed.copy(ciphertexts, end);
  }
  return {
    n: block.n,
    lines: block.lines,
    productIds: block.productIds,
    batchIds: block.productIds.map((productId) => batches.get(productId) ?? 0),
    fingerprints: block.fingerprints,
    ciphertexts: ciphertexts.subarray(0, end),
    starts,
    expires: texts.map(([, expires]) => (expires === 0 ? usual : new Date(expires))),
    labels: texts.map(([text, , surcharge]) => (surcharge === undefined ? null : (numberOf(keyParts(text)) ?? null))),
    surcharges: texts.map(([, , surcharge]) => surcharge ?? null),
  };
}
