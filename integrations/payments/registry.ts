/** The providers that exist. Adding one is a file and a line here. */
import { epay } from './epay.ts';
import type { PaymentProvider } from './provider.ts';
import { sandbox } from './sandbox.ts';

export const providers: ReadonlyMap<string, PaymentProvider> = new Map([epay, sandbox].map((p) => [p.id, p]));
