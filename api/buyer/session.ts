/** The session of the pickup page: a cookie that holds for one order, because its path is the order's. */
import type { Request, RequestHandler, Response } from 'express';
import { orderByNo, pickupState, type OrderRow, type PickupState } from '../../db/orders.ts';
import type { Queryable } from '../../db/sql.ts';
import { KnownError } from '../../domain/errors.ts';
import { orderNoPattern } from '../../domain/ids.ts';
import { cookie, sha256 } from '../authenticate.ts';
import { addressKey, limiter } from './limit.ts';

export const pickupSeconds = 3600;
const cookieName = 'miaofa_pickup';

export function givePickupCookie(response: Response, publicUrl: string, no: string, session: string): void {
  response.cookie(cookieName, session, {
    httpOnly: true,
    sameSite: 'strict',
    secure: publicUrl.startsWith('https:'),
    path: `/pickup/${no}`,
    maxAge: pickupSeconds * 1000,
  });
}

/** The session's hash, if the path names an order at all; throws PICKUP_DENIED. */
export function sessionOf(request: Request): Buffer {
  const session = cookie(request, cookieName);
  if (!session || !orderNoPattern.test(String(request.params['no']))) throw new KnownError('PICKUP_DENIED');
  return sha256(session);
}

/** The order of the session, if it is the one of the path; throws PICKUP_DENIED. */
export async function stateOf(db: Queryable, request: Request): Promise<PickupState> {
  const state = await pickupState(db, sessionOf(request));
  if (!state || state.no !== request.params['no']) throw new KnownError('PICKUP_DENIED');
  return state;
}

export async function orderOf(db: Queryable, request: Request): Promise<OrderRow> {
  const order = await orderByNo(db, (await stateOf(db, request)).no);
  if (!order) throw new KnownError('PICKUP_DENIED');
  return order;
}

/** So often per session and window; who shows none is counted by address, and the order's number is no key: everybody may know it. */
export function perSession(perWindow: number, windowMs = 60_000, skipFailedRequests = false): RequestHandler {
  const key = (request: Request): string => cookie(request, cookieName) ?? addressKey(request);
  return limiter(perWindow, windowMs, key, skipFailedRequests);
}
