/** Payment accounts (收款账户): forms made from what the providers say, and the callback check. */
import { z } from 'zod';
import { route } from './route.ts';
import { at, configFields, configOf, idParams, maskedConfig, mode, words } from './shapes.ts';

const config = configOf(32_768);
const name = z.string().trim().min(1).max(80);
const above = z.int().min(1).max(1_000_000_000_000).nullable();
const rate = z.int().min(1).max(600);

export const paymentProviders = route({
  method: 'get',
  path: '/api/console/payment-providers',
  summary: { zh: '支付平台与配置表单', en: 'Payment providers and their forms' },
  auth: { right: 'payments.read' },
  response: z.strictObject({
    providers: z.array(
      z.strictObject({
        id: z.string(),
        name: words,
        modes: z.array(mode),
        currencies: z.array(z.string()).nullable().describe('null: any'),
        methods: z.array(z.strictObject({ id: z.string(), label: words })),
        canQuery: z.boolean(),
        canRefund: z.enum(['no', 'whole', 'partial']),
        canClose: z.boolean(),
        hasStatement: z.boolean(),
        confirmByQueryDefault: z.boolean(),
        fields: configFields,
      }),
    ),
  }),
});

const account = z
  .strictObject({
    id: z.int(),
    provider: z.string(),
    mode,
    name: z.string(),
    config: maskedConfig,
    confirmByQuery: z.boolean(),
    confirmAboveMinor: z.int().nullable(),
    queriesPerMinute: z.int(),
    enabled: z.boolean(),
    notifyUrl: z.string().describe('For the console of the provider, where one must be entered'),
    lastPaidAt: at.nullable().describe('When a payment last came by notification'),
    keysFailure: z.string().nullable().describe("Why the provider's own keys could not be fetched lately"),
  })
  .meta({ id: 'PaymentAccount' });

export const listAccounts = route({
  method: 'get',
  path: '/api/console/payment-accounts',
  summary: { zh: '收款账户', en: 'Payment accounts' },
  auth: { right: 'payments.read' },
  response: z.strictObject({ accounts: z.array(account) }),
});

export const createPaymentAccount = route({
  method: 'post',
  path: '/api/console/payment-accounts',
  summary: { zh: '添加收款账户', en: 'Add a payment account' },
  auth: { right: 'payments.configure' },
  body: z.strictObject({
    provider: z.string().max(40),
    mode,
    name,
    config,
    confirmByQuery: z.boolean().optional().describe('Default: as the provider advises'),
    confirmAboveMinor: above.default(null),
    queriesPerMinute: rate.default(60),
  }),
  status: 201,
  response: z.strictObject({ account }),
  errors: ['ACCOUNT_CONFIG_INVALID'],
});

export const updateAccount = route({
  method: 'put',
  path: '/api/console/payment-accounts/:id',
  summary: { zh: '修改收款账户', en: 'Change a payment account' },
  auth: { right: 'payments.configure' },
  params: idParams,
  body: z.strictObject({
    name,
    config: config.describe('Masked or missing secrets keep their value'),
    confirmByQuery: z.boolean(),
    confirmAboveMinor: above,
    queriesPerMinute: rate,
    enabled: z.boolean(),
  }),
  response: z.strictObject({ account }),
  errors: ['ACCOUNT_NOT_FOUND', 'ACCOUNT_CONFIG_INVALID'],
});

export const checkAccountConfig = route({
  method: 'post',
  path: '/api/console/payment-accounts/check-config',
  summary: { zh: '检查密钥是否填写正确', en: 'Which of the pasted keys is wrong' },
  auth: { right: 'payments.configure' },
  body: z.strictObject({ provider: z.string().max(40), config, accountId: z.int().optional().describe('Fills in masked secrets') }), // prettier-ignore
  response: z.strictObject({
    problems: z.array(z.strictObject({ field: z.string(), zh: z.string(), en: z.string() })),
  }),
  errors: ['ACCOUNT_CONFIG_INVALID', 'ACCOUNT_NOT_FOUND'],
});

const step = z.strictObject({
  id: z.enum(['address', 'dns', 'tls', 'route', 'signature', 'clock', 'real_payment']),
  result: z.enum(['ok', 'failed', 'self_tested', 'skipped', 'waiting']),
  zh: z.string(),
  en: z.string(),
});

export const checkCallback = route({
  method: 'post',
  path: '/api/console/payment-accounts/:id/callback-check',
  summary: { zh: '支付回调检测', en: 'Does a notification reach this system?' },
  auth: { right: 'payments.configure' },
  params: idParams,
  response: z.strictObject({
    state: z.enum(['ok', 'self_tested', 'failed']).describe('ok only after a real payment came by notification'),
    steps: z.array(step),
  }),
  errors: ['ACCOUNT_NOT_FOUND'],
});

export const startRealCheck = route({
  method: 'post',
  path: '/api/console/payment-accounts/:id/callback-check/payment',
  summary: { zh: '用一笔小额真实付款检测回调', en: 'Check the callback with a small real payment' },
  auth: { right: 'payments.configure' },
  params: idParams,
  body: z.strictObject({
    amountMinor: z.int().min(1).max(1_000).default(1),
    currency: z.string().regex(/^[A-Z]{3}$/).default('CNY'),
    method: z.string().regex(/^[a-z]{2,16}$/).optional(),
  }), // prettier-ignore
  status: 201,
  response: z.strictObject({
    orderNo: z.string(),
    payKind: z.enum(['redirect', 'qr']),
    payUrl: z.string(),
    expiresAt: at,
  }),
  errors: ['ACCOUNT_NOT_FOUND', 'PAY_METHOD_UNKNOWN', 'PAY_CURRENCY_UNSUPPORTED', 'PAY_REQUEST_FAILED'],
});

export const realCheck = route({
  method: 'get',
  path: '/api/console/payment-accounts/:id/callback-check/payment',
  summary: { zh: '小额付款检测的结果', en: 'How the small real payment stands' },
  auth: { right: 'payments.read' },
  params: idParams,
  response: z.strictObject({
    state: z.enum(['none', 'waiting', 'paid_without_notification', 'ok']),
    seenAt: at.nullable(),
    refund: z.enum(['none', 'wanted', 'asked', 'done', 'failed', 'abnormal']),
  }),
  errors: ['ACCOUNT_NOT_FOUND'],
});
