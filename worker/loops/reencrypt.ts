/** Re-encrypts rings under their newest keys, beside the orders: some rows at a time, from where the last run stopped. */
import type { ActivityDeps } from '../../activities/deps.ts';
import {
  endRotation,
  lockRotation,
  moveRotation,
  noteStuck,
  retireCodecKeys,
  runningRotations,
  tablesOf,
  type RotationPlace,
  type RotationRow,
} from '../../db/rotations.ts';
import { sealedPage, swapCells, type SealedCell } from '../../db/sealed-places.ts';
import { sqlState, transaction, type Transaction } from '../../db/sql.ts';
import type { RowRing, SealedPlace } from '../../domain/sealed-places.ts';
import { aadOfPlace } from '../../integrations/keyring/aad.ts';
import { KeyringError } from '../../integrations/keyring/keyring.ts';

type RotationDeps = Pick<ActivityDeps, 'pool' | 'keyring' | 'log'>;

/**
 * A page of each rotation: a ring that cannot go on holds up no other. True if there is more to do at once. One process
 * works at a rotation at a time, the others pass it over.
 */
export async function reencrypt(deps: RotationDeps): Promise<boolean> {
  const { pool, keyring, log } = deps;
  let more = false;
  for (const { id, ring, keyId } of await runningRotations(pool)) {
    try {
      if (keyring.currentKey(ring) !== keyId) await keyring.refresh();
      if (keyring.currentKey(ring) !== keyId) continue;
      // Place and rows are one commit: killed anywhere, the next run goes on where the last commit was.
      const moved = await transaction(pool, async (tx) => {
        const rotation = await lockRotation(tx, id);
        if (rotation) await onePage(deps, tx, rotation);
        return rotation !== undefined;
      });
      more ||= moved;
    } catch (error) {
      log.error({ err: error, ring }, 'a rotation cannot go on; it is tried again in a minute');
      await noteStuck(pool, id, reasonOf(error));
    }
  }
  return more;
}

/** A code without the words around it, which may quote a row. */
function reasonOf(error: unknown): string {
  const state = sqlState(error);
  if (state !== undefined) return `PostgreSQL ${state}`;
  return error instanceof Error ? error.name : 'Error';
}

async function onePage(deps: RotationDeps, tx: Transaction, rotation: RotationRow): Promise<void> {
  const { id, ring, keyId, place } = rotation;
  const table = tablesOf(ring)[place.at];
  if (ring === 'codec' || table === undefined) {
    // Histories in Temporal keep their codec keys: they retire by time.
    await endRotation(tx, id, ring !== 'codec' && place.tables.every((t) => t.broken === 0));
    return;
  }
  const page = await sealedPage(tx, table, place.after, keyId);
  const { done, skipped, broken } = await renew(deps, tx, ring, table, page.cells);
  const met = { rows: page.rows, done, broken };
  const left = place.left || skipped > 0;
  if (page.end) await moveRotation(tx, id, { ...counted(place, table, met), after: page.end, left }, done);
  // Rows that somebody held, and rows that were sealed by a process that did not know the key yet: once more.
  else if (left) await moveRotation(tx, id, { ...again(place, table), after: null, left: false }, done);
  else await moveRotation(tx, id, { ...counted(place, table, met, 'done'), at: place.at + 1, after: null, left: false }, done); // prettier-ignore
}

async function renew(
  { keyring, log }: RotationDeps,
  tx: Transaction,
  ring: RowRing,
  table: SealedPlace,
  cells: readonly SealedCell[],
): Promise<{ done: number; skipped: number; broken: number }> {
  let [done, skipped, broken] = [0, 0, 0];
  for (const column of new Set(cells.map((cell) => cell.column))) {
    const fresh = cells.flatMap((cell) => {
      if (cell.column !== column) return [];
      try {
        const aad = aadOfPlace[table](cell.bound);
        return [
          { key: cell.key, old: cell.sealed, fresh: keyring.seal(ring, keyring.open(ring, cell.sealed, aad), aad) },
        ];
      } catch (error) {
        if (!(error instanceof KeyringError)) throw error;
        // Left as it is: a row that does not open is evidence, not to be overwritten.
        log.error({ table, column, row: cell.key, code: error.code }, 'a sealed row does not open');
        broken++;
        return [];
      }
    });
    const swapped = await swapCells(tx, table, column, fresh);
    done += swapped;
    skipped += fresh.length - swapped;
  }
  return { done, skipped, broken };
}

function counted(
  place: RotationPlace,
  table: SealedPlace,
  met: { rows: number; done: number; broken: number },
  state: 'running' | 'done' = 'running',
): RotationPlace {
  const tables = place.tables.map((t) => (t.table === table ? { ...t, state, rows: t.rows + met.rows, done: t.done + met.done, broken: t.broken + met.broken } : t)); // prettier-ignore
  return { ...place, tables };
}

/** A table from its beginning: what was counted of its rows, and of those that do not open, is counted anew. */
function again(place: RotationPlace, table: SealedPlace): RotationPlace {
  return { ...place, tables: place.tables.map((t) => (t.table === table ? { ...t, rows: 0, broken: 0 } : t)) };
}

/** Codec keys that nothing needs any more. */
export async function retireKeys({ pool, log }: Pick<RotationDeps, 'pool' | 'log'>): Promise<boolean> {
  const retired = await retireCodecKeys(pool);
  if (retired > 0) log.info({ retired }, 'codec keys retired');
  return false;
}
