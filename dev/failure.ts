/** What a command says when it fails: words for what people can mend, where it happened for all else. */
import { BackupError } from '../db/backup-reader.ts';
import { DatabaseUnreachable, inWords } from '../db/unreachable.ts';
import { EnvironmentError } from '../integrations/environment.ts';
import { KeyringError } from '../integrations/keyring/kek.ts';
import { SetupError } from './embedded/settings.ts';

const plain = [DatabaseUnreachable, BackupError, SetupError, EnvironmentError, KeyringError];

export function sayFailure(failure: unknown): void {
  const error = inWords(failure);
  const words = plain.some((kind) => error instanceof kind);
  process.stderr.write(`${error instanceof Error ? (words ? error.message : (error.stack ?? error.message)) : String(error)}\n`); // prettier-ignore
}
