/** The types of the route table, for the client: nothing of the server is in the bundle. */
import type * as contract from '../../api/contract/index.ts';
import type { Route } from '../../api/contract/index.ts';
import type { z } from 'zod';

type Groups = { [G in keyof typeof contract]: (typeof contract)[G] };
type Members = { [G in keyof Groups]: Groups[G][keyof Groups[G]] }[keyof Groups];
type Table = Extract<Members, Route & { readonly method: string }>;

export type Method = Route['method'];
export type PathOf<M extends Method> = Extract<Table, { readonly method: M }>['path'];
export type RouteOf<M extends Method, P extends string> = Extract<Table, { readonly method: M; readonly path: P }>;

type Given<S> = S extends z.ZodType ? z.input<S> : never;
/** What a request of this route carries. */
export interface Input<R extends Route> {
  readonly params?: Given<R['params']>;
  readonly query?: Given<R['query']>;
  readonly body?: Given<R['body']>;
}
export type Output<R extends Route> = z.output<R['response']>;
/** What a GET route answers. */
export type Read<P extends PathOf<'get'>> = Output<RouteOf<'get', P>>;
