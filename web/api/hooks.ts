/** Reading and changing by the route table, with TanStack Query. What is read refreshes when the server says so. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { UseMutationResult, UseQueryResult } from '@tanstack/react-query';
import { ask, send, type ApiError } from './client.ts';
import type { Input, Method, Output, PathOf, RouteOf } from './routes.ts';

type Asked<P extends PathOf<'get'>> = Input<RouteOf<'get', P>>;

export function useRead<P extends PathOf<'get'>>(
  path: P,
  input: Asked<P> = {},
  options: {
    readonly enabled?: boolean;
    readonly refetchInterval?: number | false;
    /** Read again every two seconds while this says so of what was read. */
    readonly whilst?: (data: Output<RouteOf<'get', P>>) => boolean;
  } = {},
): UseQueryResult<Output<RouteOf<'get', P>>, ApiError> {
  const { whilst, ...rest } = options;
  return useQuery<Output<RouteOf<'get', P>>, ApiError>({
    queryKey: [path, input],
    queryFn: ({ signal }) => ask('get', path, { ...input, signal }),
    placeholderData: keepPreviousData,
    ...rest,
    ...(whilst && {
      refetchInterval: ({ state: { data } }) => (data !== undefined && whilst(data) ? 2_000 : false),
    }),
  });
}

/** A change; what is on the screen is read again afterwards. */
export function useChange<M extends Exclude<Method, 'get'>, P extends PathOf<M>>(
  method: M,
  path: P,
): UseMutationResult<Output<RouteOf<M, P>>, ApiError, Input<RouteOf<M, P>>> {
  const client = useQueryClient();
  return useMutation<Output<RouteOf<M, P>>, ApiError, Input<RouteOf<M, P>>>({
    mutationFn: async (input) => (await send(method, path, input as object)) as Output<RouteOf<M, P>>,
    // Not awaited: a row that goes away with its change would take the callback of its button along.
    onSettled: () => void client.invalidateQueries(),
  });
}
