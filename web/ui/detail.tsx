/** What is specific of a log entry: a change as before → after, else the facts in a line. */
import type { ReactNode } from 'react';

function plain(value: unknown): string {
  if (value === null || value === undefined) return '—';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function Detail({ value }: { readonly value: unknown }): ReactNode {
  if (typeof value !== 'object' || value === null) return null;
  const { before, after, ...rest } = value as { before?: Record<string, unknown>; after?: Record<string, unknown> };
  const changed = before && after ? Object.keys(after).filter((key) => plain(before[key]) !== plain(after[key])) : [];
  return (
    <span className="mono small">
      {Object.entries(rest)
        .filter(([, v]) => v !== null)
        .map(([key, v]) => `${key}=${plain(v)}`)
        .join(' ')}
      {changed.map((key) => (
        <div key={key}>
          {key}: {plain(before?.[key])} → {plain(after?.[key])}
        </div>
      ))}
    </span>
  );
}
