/** The error catalogue's part on orders that cannot simply go through, and on the work of staff. */
import { entry, type ErrorEntry } from './error-entry.ts';

export const workErrors = {
  // Why an order does not go on
  POOL_SHORT: entry(
    409,
    '卡密库存不足以发出整单',
    '请导入卡密；补货后订单会自动发出',
    'There are fewer keys than the order wants',
    'Import keys; the order goes out by itself then',
  ),
  STOCK_QUEUED: entry(
    409,
    '前面有更早付款的订单在等货',
    '请导入卡密；订单按付款时间先后自动发出',
    'Orders that were paid earlier wait for the same goods',
    'Import keys; orders go out by the time of their payment',
  ),
  WAITING_CONFIRMATION: entry(
    409,
    '等待支付状态变为“已确认”',
    '确认到账后会自动发货；也可以由有权限的人员确认收款',
    'The payment is not yet confirmed',
    'It goes out once confirmed; a person with that right may confirm it, too',
  ),
  EXCEPTION_RULE: entry(
    409,
    '命中例外规则，转人工处理',
    '请查看命中的规则与买家备注，再重试、手动发货或关闭',
    'An exception rule sends this order to people',
    "See the rule and the buyer's remark, then retry, deliver by hand or close",
  ),
  HANDED_OVER: entry(
    409,
    '有人把订单转为人工处理',
    '请查看备注后处理',
    'Somebody handed this order to staff',
    'See the note, then act',
  ),
  SIGNAL_REQUEST: entry(
    409,
    'Temporal 中有人请求需要登录确认的操作',
    '请核实后在控制台执行或忽略',
    'Somebody asked in Temporal for what needs a signed-in person',
    'Check, then do it in the console or close the task',
  ),
  SOURCE_UNKNOWN: entry(
    409,
    '指定的货源不可用',
    '请选择其他货源，或改为自动选择',
    'The chosen source cannot be used',
    'Choose another source, or leave the choice to automation',
  ),
  STOCK_LOW: entry(409, '库存低于预警值', '请导入卡密补货', 'Stock is below its threshold', 'Import keys'),

  // Work of staff
  GOODS_COUNT: entry(
    400,
    '填写的卡密数量与订单数量不一致',
    '请按订单数量逐条填写',
    'The number of keys is not the quantity of the order',
    'Give exactly as many as the order wants',
  ),
  KEY_TWICE: entry(400, '填写的卡密有重复', '请删除重复的条目', 'A key stands there twice', 'Remove the duplicate'),
  KEY_ALREADY_USED: entry(
    409,
    '填写的卡密已经售出或作废',
    '请换用未使用过的卡密（detail 为条目序号）',
    'A key was sold or made void before',
    'Give keys that were never used (detail names the entries)',
  ),
  POOL_TOO_FEW: entry(
    409,
    '卡密池中没有足够的卡密',
    '请先导入卡密，或手动填写',
    'The pool has not enough keys',
    'Import keys first, or type them',
  ),
  PAYMENT_NOT_CONFIRMED_YET: entry(
    409,
    '该订单的付款尚未确认',
    '请先确认收款，再从卡密池发货',
    'The payment of this order is not confirmed',
    'Confirm the payment first, then deliver from the pool',
  ),
  TASK_NOT_FOUND: entry(404, '找不到该任务，或已处理', '请刷新列表', 'No such open task', 'Reload the list'),
  TASK_CLAIMED: entry(
    409,
    '该任务正由其他人处理',
    '请与 detail 中的同事确认后再处理',
    'Somebody else works on this task',
    'Ask the colleague named in detail',
  ),
  RULE_INVALID: entry(
    400,
    '例外规则的内容不正确',
    '请按 detail 修正',
    'The exception rule is not right',
    'Correct what detail names',
  ),
  RULE_NOT_FOUND: entry(404, '找不到该规则', '请刷新列表', 'No such rule', 'Reload the list'),
  CHANNEL_INVALID: entry(
    400,
    '通知渠道配置不正确',
    '请按 detail 修正',
    'The channel is not configured correctly',
    'Correct what detail names',
  ),
  CHANNEL_NOT_FOUND: entry(404, '找不到该通知渠道', '请刷新列表', 'No such channel', 'Reload the list'),
  CHANNEL_FAILED: entry(
    502,
    '通知渠道发送失败',
    '请按 detail 检查地址、密钥与网络',
    'The channel did not take the message',
    'Check address, secret and network; see detail',
  ),
} as const satisfies Record<string, ErrorEntry>;
