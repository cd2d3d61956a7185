/** The providers that exist. Adding one is a file and a line here. */
import { alipay } from './alipay/index.ts';
import { epayV2 } from './epay-v2.ts';
import { epay } from './epay.ts';
import type { PaymentProvider } from './provider.ts';
import { sandbox } from './sandbox.ts';
import { stripe } from './stripe/index.ts';
import { usdt } from './usdt.ts';
import { signedWebhook } from './signed-webhook.ts';
import { wechat } from './wechat/index.ts';

export const providers: ReadonlyMap<string, PaymentProvider> = new Map(
  [alipay, wechat, epay, epayV2, stripe, usdt, signedWebhook, sandbox].map((p) => [p.id, p]),
);
