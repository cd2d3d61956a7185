/** What a buyer sees of cases, by the session of the pickup page. */
export interface ShownCase {
  readonly no: string;
  readonly kind: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly messages: readonly { readonly side: string; readonly text: string }[];
}

export interface BuyerPage {
  cases(): Promise<ShownCase[]>;
  /** Anything below the order, as the page asks for it. */
  at(path: string, body?: object): Promise<Response>;
  goods(): Promise<string[]>;
}

export async function buyerOf(base: string, orderNo: string, pickupUrl: string): Promise<BuyerPage> {
  const session = await fetch(`${base}/pickup/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: new URL(pickupUrl).hash.slice(1) }),
  });
  const cookie = session.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const at = (path: string, body?: object): Promise<Response> =>
    fetch(`${base}/pickup/${orderNo}/${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { cookie, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
  return {
    at,
    cases: async () => ((await (await at('cases')).json()) as { cases: ShownCase[] }).cases,
    goods: async () => ((await (await at('goods', {})).json()) as { goods?: string[] }).goods ?? [],
  };
}
