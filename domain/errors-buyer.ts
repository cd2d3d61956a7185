/** Errors of the buyers' room. */
import { entry } from './error-entry.ts';

export const buyerErrors = {
  RESEND_LIMIT: entry(
    429,
    '今天的重发次数已用完',
    '请在本页直接查看商品，或明天再试；收不到邮件请检查垃圾箱',
    'The goods were sent as often as they may be today',
    'Read them on this page, or try again tomorrow; look into the spam folder too',
  ),
  NO_MAIL_ADDRESS: entry(
    409,
    '这个订单没有邮箱',
    '请在本页查看商品',
    'This order has no mail address',
    'Read the goods on this page',
  ),
  ORDER_NOT_PAYABLE: entry(
    409,
    '订单已支付、已过期或已关闭，不能再付款',
    '请刷新页面查看订单状态；如需购买请重新下单',
    'This order is paid, expired or closed: there is nothing to pay',
    'Reload the page to see where it stands; order again to buy',
  ),
};
