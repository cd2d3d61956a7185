/**
 * Every error that a person can see: a code, the cause and the next step, in zh-CN and English, and the HTTP status
 * that carries it. Texts hold no data of an order; what is specific goes into `detail` beside them.
 */
import { entry, type ErrorEntry } from './error-entry.ts';
import { buyerErrors } from './errors-buyer.ts';
import { paymentErrors } from './errors-payments.ts';
import { supplierErrors } from './errors-suppliers.ts';
import { consoleErrors } from './errors-console.ts';
import { goodsErrors } from './errors-goods.ts';
import { workErrors } from './errors-work.ts';

export const errors = {
  // Requests
  BAD_REQUEST: entry(
    400,
    '请求内容不符合接口要求',
    '请对照接口文档修正 detail 中列出的字段',
    'The request does not fit the interface',
    'Correct the fields named in detail; see the API document',
  ),
  BODY_TOO_LARGE: entry(
    413,
    '请求内容过大',
    '请减小请求内容后重试',
    'The request body is too large',
    'Send a smaller body',
  ),
  UNAUTHENTICATED: entry(
    401,
    '缺少有效的 API 密钥或登录',
    '请在 Authorization 头中提供 API 密钥，或重新登录',
    'No valid API key or sign-in',
    'Send the API key in the Authorization header, or sign in again',
  ),
  FORBIDDEN: entry(
    403,
    '没有执行此操作的权限',
    '请使用有相应权限的账号或密钥',
    'This key or person may not do that',
    'Use a key or an account with that right',
  ),
  NOT_FOUND: entry(
    404,
    '找不到请求的内容',
    '请检查地址和编号',
    'There is nothing here',
    'Check the address and the number',
  ),
  TOO_MANY_REQUESTS: entry(429, '请求过于频繁', '请稍后重试', 'Too many requests', 'Try again later'),
  INSECURE_HTTP: entry(
    403,
    '当前通过未加密的 http 访问',
    '请改用 https；仅在可信内网可设置 ALLOW_INSECURE_HTTP=1',
    'This is plain http on a public address',
    'Use https; on a trusted network set ALLOW_INSECURE_HTTP=1',
  ),
  INTERNAL: entry(
    500,
    '系统内部错误',
    '请稍后重试；若持续出现，请把 requestId 告知运维',
    'Something failed inside',
    'Try again; if it goes on, give the requestId to operations',
  ),
  DATABASE_DOWN: entry(
    503,
    '数据库暂时不可用',
    '请稍后重试，未确认的操作不会生效',
    'The database cannot be reached',
    'Try again later; nothing unconfirmed took effect',
  ),

  // Accounts of the console
  LOGIN_FAILED: entry(
    401,
    '账号或密码不正确',
    '请检查后重新输入；忘记密码请联系店主重新生成设置链接',
    'Login or password is wrong',
    'Check both and try again; an owner can make a new link if the password is lost',
  ),
  LOGIN_LOCKED: entry(
    429,
    '登录失败次数过多，已暂时锁定',
    '请等待提示的时间后再试；若不是您本人操作，请联系店主',
    'Too many failures: signing in is closed for a while',
    'Wait the time that is shown; if it was not you, tell the owner',
  ),
  TOTP_WRONG: entry(
    401,
    '动态验证码不正确或已使用过',
    '请输入验证器中的最新 6 位数字，并确认手机时间准确；也可使用恢复码',
    'The code is wrong or was used already',
    'Give the newest six digits, check the clock of the phone, or use a recovery code',
  ),
  SETUP_LINK_INVALID: entry(
    403,
    '设置链接无效、已使用或已过期',
    '首次安装：重新执行 npm start 获取新链接；员工：请店主重新生成',
    'This link is not valid, was used, or has expired',
    'First start: run npm start again for a new link; staff: ask an owner for a new one',
  ),
  PASSWORD_WEAK: entry(
    400,
    '密码太短或太常见',
    '请使用至少 10 个字符、不易被猜到的密码',
    'This password is too short or too common',
    'Use at least 10 characters that nobody guesses',
  ),
  PASSWORD_WRONG: entry(
    403,
    '当前密码不正确',
    '请重新输入当前密码',
    'The current password is wrong',
    'Give the current password again',
  ),
  STAFF_TAKEN: entry(
    409,
    '账号或姓名已被使用',
    '请换一个账号或姓名',
    'This login or name is taken',
    'Choose another login or name',
  ),
  STAFF_NOT_FOUND: entry(404, '找不到该员工', '请刷新员工列表', 'No such person', 'Reload the list of staff'),
  LAST_OWNER: entry(
    409,
    '必须至少保留一名店主',
    '请先把另一名员工设为店主',
    'At least one owner must remain',
    'Make somebody else an owner first',
  ),
  TEST_PAYMENT_REFUSED: entry(
    502,
    '沙盒付款通知没有被本系统接受',
    '请确认服务正常运行（/readyz），然后重试',
    'The sandbox notification was not taken by this system',
    'Check that the service is ready (/readyz), then try again',
  ),
  QUERY_NO_MATCH: entry(
    404,
    '没有找到匹配的订单',
    '请核对订单号和下单时填写的邮箱',
    'No order fits',
    'Check the number and the mail address of the order',
  ),
  RIGHTS_EXCEEDED: entry(
    403,
    '不能授予或管理超出自己权限的员工',
    '请由店主操作',
    'You cannot grant or manage rights that you do not have',
    'Ask an owner',
  ),

  // Orders
  IDEMPOTENCY_KEY_MISSING: entry(
    400,
    '缺少 Idempotency-Key 请求头',
    '请为每个新订单提供唯一的 Idempotency-Key（1–255 个可见字符）',
    'The Idempotency-Key header is missing',
    'Send a unique Idempotency-Key (1–255 visible characters) with each new order',
  ),
  IDEMPOTENCY_CONFLICT: entry(
    409,
    '同一个 Idempotency-Key 已用于内容不同的订单',
    '新订单请换用新的 Idempotency-Key',
    'This Idempotency-Key was used for a different order',
    'Use a new Idempotency-Key for a new order',
  ),
  ORDER_NOT_FOUND: entry(404, '找不到该订单', '请检查订单号', 'No such order', 'Check the order number'),
  ORDER_STATE_CONFLICT: entry(
    409,
    '订单当前状态不允许此操作，可能已有人处理',
    '请刷新订单后再决定',
    'The order is in a state that does not allow this; somebody may have acted already',
    'Reload the order and decide again',
  ),
  PRODUCT_NOT_FOUND: entry(404, '找不到该商品', '请检查商品编码（SKU）', 'No such product', 'Check the SKU'),
  PRODUCT_OFF_SALE: entry(
    409,
    '该商品已下架',
    '请选择在售商品',
    'This product is not on sale',
    'Choose a product that is on sale',
  ),
  SKU_TAKEN: entry(
    409,
    '商品编码已存在',
    '请换一个商品编码，或修改已有商品',
    'This SKU exists already',
    'Choose another SKU or change the existing product',
  ),
  ACCOUNT_NOT_FOUND: entry(
    404,
    '找不到可用的收款账户',
    '请在收款账户中添加并启用一个与订单模式相同的账户',
    'No payment account can take this order',
    'Add and enable a payment account of the same mode',
  ),
  ACCOUNT_CONFIG_INVALID: entry(
    400,
    '收款账户配置不正确',
    '请按 detail 修正对应的字段',
    'The payment account is not configured correctly',
    'Correct the fields named in detail',
  ),
  CONTACT_INVALID: entry(
    400,
    '联系方式格式不正确',
    '请填写有效的邮箱地址',
    'The contact is not valid',
    'Give a valid e-mail address',
  ),

  // Pickup
  PICKUP_DENIED: entry(
    403,
    '提货凭证无效或已过期',
    '请使用邮件中的提货链接重新打开',
    'The pickup link is not valid or has expired',
    'Open the pickup link in your mail again',
  ),
  NOT_RELEASED: entry(
    409,
    '商品尚未发货',
    '请稍候，页面会自动刷新',
    'The goods are not here yet',
    'Wait a moment; the page refreshes by itself',
  ),

  // Why an order does not go on (failure reasons; shown to staff, in Temporal Web UI, as search attribute)
  POOL_EMPTY: entry(
    409,
    '卡密池为空',
    '请导入卡密；补货后订单会自动发出',
    'The key pool is empty',
    'Import keys; the order goes out by itself then',
  ),
  AUTO_DELIVERY_OFF: entry(
    409,
    '全局自动发货已关闭',
    '请开启全局自动发货，或手动发货',
    'Automatic delivery is switched off',
    'Switch it on, or deliver by hand',
  ),
  PAYMENT_UNCONFIRMED: entry(
    409,
    '支付平台查询结果为未支付',
    '请登录支付平台核对该订单是否到账',
    'The gateway says that this order is not paid',
    'Check at the gateway whether the money has come',
  ),
  GATEWAY_SILENT: entry(
    502,
    '支付查询接口无响应',
    '请检查支付账户的网关地址和网络',
    'The payment query got no usable answer',
    'Check the gateway address of the account and the network',
  ),
  GATEWAY_BAD_ANSWER: entry(
    502,
    '支付查询接口返回异常内容',
    '请检查支付账户配置，或联系支付平台',
    'The payment query answered nonsense',
    'Check the account, or ask the gateway',
  ),
  MAIL_REJECTED: entry(
    502,
    '邮件被收件服务器拒收',
    '请与买家核对邮箱；买家可在提货页查看商品',
    "The buyer's mail server refused the mail",
    'Check the address with the buyer; the goods are on the pickup page',
  ),
  MAIL_SILENT: entry(
    502,
    '邮件服务器无响应',
    '请检查 SMTP 设置',
    'The mail server does not answer',
    'Check the SMTP settings',
  ),
  WEBHOOK_FAILED: entry(
    502,
    '店铺回调地址没有成功响应',
    '请检查店铺回调地址',
    "The shop's webhook did not succeed",
    'Check the webhook address of the shop',
  ),
  DATABASE_TROUBLE: entry(
    503,
    '数据库暂时不可用，正在自动重试',
    '请检查 PostgreSQL',
    'The database is in trouble; retrying by itself',
    'Check PostgreSQL',
  ),
  KEY_UNREADABLE: entry(
    500,
    '卡密无法解密',
    '请检查主密钥是否正确；切勿删除任何卡密',
    'A key cannot be decrypted',
    'Check the master key; do not delete any card',
  ),
  UNEXPECTED: entry(
    500,
    '发货步骤出现未知错误',
    '请查看日志后重试',
    'A delivery step failed unexpectedly',
    'See the logs, then retry',
  ),

  // Payments that need a person (rule 10)
  PAYMENT_UNMATCHED: entry(
    409,
    '收到一笔找不到订单的付款',
    '请核对后分配给订单或退款',
    'A payment came for no order of ours',
    'Assign it to an order or refund it',
  ),
  PAYMENT_UNDER: entry(
    409,
    '实付金额少于订单金额',
    '请联系买家补款或退款',
    'Less was paid than the order costs',
    'Ask the buyer for the rest, or refund',
  ),
  PAYMENT_OVER: entry(
    409,
    '实付金额多于订单金额',
    '请核对后发货或退款',
    'More was paid than the order costs',
    'Check, then deliver or refund',
  ),
  PAYMENT_WRONG_CURRENCY: entry(
    409,
    '付款币种与订单不符',
    '请核对后退款',
    'The payment is in another currency',
    'Check, then refund',
  ),
  PAYMENT_SECOND: entry(
    409,
    '同一订单收到第二笔付款',
    '请退还多付的一笔',
    'A second payment came for one order',
    'Refund the second one',
  ),
  PAYMENT_AFTER_END: entry(
    409,
    '订单关闭或退款后收到付款',
    '请核对后退款',
    'A payment came for an order that a person had ended',
    'Check, then refund',
  ),
  PAYMENT_TOO_LATE: entry(
    409,
    '订单过期后才收到付款',
    '请核对后发货或退款',
    'The payment came long after the order had expired',
    'Check, then deliver or refund',
  ),
  PAYMENT_MODE_MISMATCH: entry(
    403,
    '测试模式与正式模式不一致',
    '请检查收款账户与订单的模式；可能有人在尝试伪造',
    'Test and live are mixed',
    'Check the modes of account and order; somebody may be forging',
  ),
  ...paymentErrors,
  ...supplierErrors,

  ...goodsErrors,

  ...workErrors,

  ...buyerErrors,

  ...consoleErrors,
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errors;

/** An error with a code of the catalogue. The message is for logs and never holds secrets or buyer data. */
export class KnownError extends Error {
  readonly code: ErrorCode;
  /** What is specific: field names, a state, who acted. Shown to people. */
  readonly detail: unknown;
  constructor(code: ErrorCode, detail?: unknown) {
    super(code);
    this.name = 'KnownError';
    this.code = code;
    this.detail = detail;
  }
}

/** True for a code of the catalogue. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errors, value);
}

/** "卡密池为空 / The key pool is empty": one line for logs, tasks and Temporal Web UI. */
export function inWords(code: ErrorCode): string {
  return `${errors[code].zh.cause} / ${errors[code].en.cause}`;
}
