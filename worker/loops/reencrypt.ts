/** Re-encrypts a ring under its newest key, beside the orders: 200 rows at a time, from where the last run stopped. */
import { endRotation, moveRotation, rotationPage, runningRotation, swapCells } from '../../db/rotations.ts';
import type { ActivityDeps } from '../../activities/deps.ts';
import { contactAad, KeyringError } from '../../integrations/keyring/keyring.ts';

type RotationDeps = Pick<ActivityDeps, 'pool' | 'keyring' | 'log'>;

/** True if there is more to do at once. */
export async function reencrypt({ pool, keyring, log }: RotationDeps): Promise<boolean> {
  const rotation = await runningRotation(pool);
  if (!rotation) return false;
  if (keyring.currentKey(rotation.ring) !== rotation.keyId) {
    await keyring.refresh();
    if (keyring.currentKey(rotation.ring) !== rotation.keyId) return false;
  }
  const { after = 0, left = false } = rotation.place;
  const { cells, end } = await rotationPage(pool, rotation.ring, after, rotation.keyId);
  let done = 0;
  let skipped = 0;
  for (const column of ['ciphertext', 'contact', 'remark', 'token'] as const) {
    const fresh = cells
      .filter((cell) => cell.column === column)
      .flatMap((cell) => {
        try {
          const aad = cell.column === 'ciphertext' ? `card:${cell.bound}` : contactAad(cell.bound);
          const plain = keyring.open(rotation.ring, cell.sealed, aad);
          return [{ id: cell.id, old: cell.sealed, fresh: keyring.seal(rotation.ring, plain, aad) }];
        } catch (error) {
          if (!(error instanceof KeyringError)) throw error;
          // Left as it is: a row that does not open is evidence, not to be overwritten.
          log.error({ ring: rotation.ring, row: cell.id, column, code: error.code }, 'a sealed row does not open');
          return [];
        }
      });
    const swapped = await swapCells(pool, column, fresh);
    done += swapped;
    skipped += fresh.length - swapped;
  }
  const again = left || skipped > 0;
  if (end !== null) await moveRotation(pool, rotation.id, { after: end, left: again }, done);
  // Rows that somebody held, and rows that were sealed by a process that did not know the key yet.
  else if (again) await moveRotation(pool, rotation.id, { after: 0, left: false }, done);
  else await endRotation(pool, rotation.id);
  return true;
}
