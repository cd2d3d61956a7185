/** What an operator says about a key file. What is left out is found out, and shown in the preview. */
import { encodings, type Encoding } from './encoding.ts';
import { columnKinds, fileFormats, type ColumnKind, type FileFormat } from './key-file.ts';

export interface KeyFileOptions {
  readonly format?: FileFormat | undefined;
  readonly encoding?: Encoding | undefined;
  /** Text: undefined = the whole line is the key, or found out where the file names products. CSV: undefined = comma. */
  readonly separator?: string | undefined;
  readonly columns?: readonly ColumnKind[] | undefined;
  readonly trim: boolean;
  readonly source: string;
  readonly note: string;
  readonly costMinor?: number | undefined;
  readonly currency?: string | undefined;
  /** For keys that name no date of their own; ISO. */
  readonly expiresAt?: string | undefined;
  /** A drop directory: confirmed by itself when the check is done. */
  readonly confirmed?: boolean | undefined;
  readonly zoneMinutes: number;
}

/** Minutes that the shop's clock is ahead of UTC unless it says otherwise: Asia/Shanghai. */
export const shopZoneMinutes = 480;

const pick = <T extends string>(of: readonly T[], value: unknown): T | undefined => of.find((each) => each === value);

/** Options as stored; anything malformed counts as left out. */
export function readKeyOptions(raw: Readonly<Record<string, unknown>>): KeyFileOptions {
  const string = (key: string): string | undefined => {
    const value = raw[key];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const columns = Array.isArray(raw['columns']) ? raw['columns'].map((c) => pick(columnKinds, c) ?? 'skip') : undefined;
  const cost = raw['costMinor'];
  const zone = raw['zoneMinutes'];
  return {
    format: pick(fileFormats, raw['format']),
    encoding: pick(encodings, raw['encoding']),
    separator: string('separator'),
    columns: columns?.includes('key') ? columns : undefined,
    trim: raw['trim'] !== false,
    source: string('source') ?? '',
    note: string('note') ?? '',
    costMinor: typeof cost === 'number' ? cost : undefined,
    currency: string('currency'),
    expiresAt: string('expiresAt'),
    confirmed: raw['confirmed'] === true,
    zoneMinutes: typeof zone === 'number' ? zone : shopZoneMinutes,
  };
}
