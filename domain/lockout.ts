/** How long signing in is closed after attempts without success: a guesser waits, a person who mistyped does not. */

export interface Lockout {
  /** Attempts in a row that cost nothing. */
  readonly free: number;
  /** Seconds after the next one; each further attempt doubles them. */
  readonly first: number;
  readonly max: number;
}

export const loginLockout: Lockout = { free: 5, first: 30, max: 15 * 60 };
/** Of an address, behind which a whole office may sit. */
export const addressLockout: Lockout = { free: 40, first: 60, max: 15 * 60 };
