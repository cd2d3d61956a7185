/** Filters of a list stand in the address: a view can be sent to a colleague and found again by "back". */
import { useNavigate, useSearch } from '@tanstack/react-router';

export type Filters = Readonly<Record<string, string | undefined>>;

export function useFilters(): { filters: Filters; set: (change: Filters) => void } {
  const raw: Readonly<Record<string, unknown>> = useSearch({ strict: false });
  const navigate = useNavigate();
  const filters: Filters = Object.fromEntries(
    Object.entries(raw).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
  return {
    filters,
    set(change) {
      const search = Object.fromEntries(Object.entries({ ...filters, ...change }).filter(([, value]) => value !== undefined && value !== '')); // prettier-ignore
      // The router's types know the screens by their paths; a list stays where it is.
      void navigate({ to: '.', search: search, replace: true });
    },
  };
}
