/** What fakes share about a trade, and how they tell a shop of it. */

export interface FakeTrade {
  readonly orderNo: string;
  readonly tradeNo: string;
  readonly amount: string;
  readonly subject: string;
  readonly notifyUrl: string;
}

/** POSTs a notification; true if the answer's body (or, for `2xx`, its status) is the acknowledgement. */
export async function sendPaid(
  url: string,
  init: { readonly body: string | URLSearchParams; readonly headers?: Readonly<Record<string, string>> },
  acknowledged: string,
): Promise<boolean> {
  const answer = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    signal: AbortSignal.timeout(5_000),
    ...init,
  });
  const text = await answer.text();
  return acknowledged === '2xx' ? answer.ok : text.toLowerCase() === acknowledged;
}
