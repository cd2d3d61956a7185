/** One look at an import: what can be done is done, and its story learns what comes next. */
import { emptyImport } from '../db/import-blocks.ts';
import { confirmKeys } from '../db/import-confirm.ts';
import { failImport, importById, moveImport, type ImportState } from '../db/imports.ts';
import { actors } from '../db/locks.ts';
import { KnownError } from '../domain/errors.ts';
import { readKeyOptions } from '../domain/import-options.ts';
import type { ActivityDeps } from './deps.ts';
import { checkImport } from './import-check.ts';
import { commitImport } from './import-commit.ts';
import { checkProducts, commitProducts } from './product-import.ts';

export type ImportOutcome =
  { readonly next: 'wait'; readonly forMs: number } | { readonly next: 'end'; readonly state: ImportState };

/** Runs any number of times, also twice at once: blocks say of themselves that they are in. */
export async function advanceImport(deps: ActivityDeps, id: number): Promise<ImportOutcome> {
  let checked = false;
  for (;;) {
    const file = await importById(deps.pool, id);
    if (!file) return { next: 'end', state: 'failed' };
    if (file.state === 'received') {
      // Another try has begun since and goes on; to begin again would only stop that one.
      if (checked) throw new Error('another try checks this import');
      checked = true;
      await (file.kind === 'cards' ? checkImport : checkProducts)(deps, file);
    } else if (file.state === 'confirmed') await (file.kind === 'cards' ? commitImport : commitProducts)(deps, file);
    else if (file.state === 'ready') {
      const left = file.expiresAt.getTime() - Date.now();
      if (file.good > 0 && readKeyOptions(file.options).confirmed) await confirmItself(deps, id, file.actorId);
      else if (left > 0) return { next: 'wait', forMs: left };
      else await moveImport(deps.pool, id, ['ready'], 'expired', actors.automation);
    } else {
      if (file.state !== 'receiving') await emptyImport(deps.pool, id);
      return { next: 'end', state: file.state };
    }
  }
}

/** A file of the drop directory has nobody who looks at a preview; only the stock limit stops it. */
async function confirmItself(deps: ActivityDeps, id: number, actorId: number): Promise<void> {
  try {
    await confirmKeys(deps.pool, id, actorId);
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    await failImport(deps.pool, id, ['ready'], error.code, error.detail);
  }
}
