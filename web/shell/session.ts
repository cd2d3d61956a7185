/** Who is signed in, and what they may do. */
import { useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';

export type Me = NonNullable<Read<'/api/console/session'>['me']>;
export type Right = Me['rights'][number];

export function useMe(): Me | undefined {
  return useRead('/api/console/session').data?.me ?? undefined;
}
/** True if the person has the right: hides what the server would refuse anyway. */
export function useMay(): (right: Right) => boolean {
  const me = useMe();
  return (right) => me?.rights.includes(right) ?? false;
}
