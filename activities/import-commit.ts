/** Confirmed lines go into the pool: while PostgreSQL takes one block, the next is sealed. */
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

/** Goes on where an earlier run stopped, until all is in or somebody cancels. */
export async function commitImport(deps: ActivityDeps, file: ImportRow): Promise<void> {
  const batches = await ensureBatches(deps.pool, file.id);
  const { expiresAt } = readKeyOptions(file.options);
  const usual = expiresAt === undefined ? null : new Date(expiresAt);
  let writing: Promise<void> = Promise.resolve();
  let after = -1;
  for (;;) {
    const block = await nextOpenBlock(deps.pool, file.id, after);
    if (!block) break;
    after = block.n;
    const sealed = await sealBlock(deps, file.id, block, batches, usual);
    await writing;
    writing = importBlock(deps.pool, file.id, sealed).then(() => deps.fault?.('import:block', file.id));
    // Awaited in the next round; until then a failure must not count as unhandled.
    writing.catch(() => undefined);
  }
  await writing;
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
  const ciphertexts: Buffer[] = [];
  for (const [at, [text]] of texts.entries()) {
    if (at % slice === slice - 1) await yieldTo();
    const productId = block.productIds[at] ?? 0;
    const fingerprint = block.fingerprints[at] ?? Buffer.alloc(0);
    ciphertexts.push(deps.keyring.seal('card', text, cardAad(productId, fingerprint)));
  }
  return {
    n: block.n,
    lines: block.lines,
    productIds: block.productIds,
    batchIds: block.productIds.map((productId) => batches.get(productId) ?? 0),
    fingerprints: block.fingerprints,
    ciphertexts,
    expires: texts.map(([, expires]) => (expires === 0 ? usual : new Date(expires))),
    labels: texts.map(([text, , surcharge]) => (surcharge === undefined ? null : (numberOf(keyParts(text)) ?? null))),
    surcharges: texts.map(([, , surcharge]) => surcharge ?? null),
  };
}
