/** The names of what happened, as the audit log keeps them, in words. */
import type { Translate } from '../i18n.tsx';

const names: Readonly<Record<string, readonly [zh: string, en: string]>> = {
  ordered: ['下单', 'Order placed'],
  payment: ['收到付款', 'Payment received'],
  payment_confirmed: ['支付平台确认到账', 'Confirmed by the gateway'],
  cleared: ['付款已确认', 'Payment confirmed'],
  waiting: ['进入等待', 'Began to wait'],
  delivered: ['已发货', 'Delivered'],
  released: ['商品已展示给买家', 'Goods shown to the buyer'],
  resent: ['买家要求重发邮件', 'The buyer had the goods sent again'],
  revealed: ['买家查看商品', 'The buyer looked at the goods'],
  message: ['通知已处理', 'Message sent or failed'],
  retry: ['重试', 'Tried again'],
  deliver_from_pool: ['从卡密池发货', 'Delivered from the pool'],
  deliver_by_hand: ['手动发货', 'Delivered by hand'],
  choose_source: ['更换货源', 'Source chosen'],
  confirm_payment: ['确认收款', 'Payment confirmed by a person'],
  hand_over: ['转人工', 'Handed to people'],
  close: ['关闭订单', 'Closed'],
  refund: ['退款', 'Refund'],
  auto_delivery: ['全局自动发货开关', 'Automatic delivery switched'],
  signal_refused: ['拒绝了来自流程界面的操作', 'A signal was refused'],
  account_created: ['添加收款账户', 'Payment account added'],
  account_changed: ['修改收款账户', 'Payment account changed'],
  account_keys_refreshed: ['自动更新平台证书', "The provider's keys renewed"],
  payment_assigned: ['把付款分配给订单', 'Payment given to the order'],
  money_notice: ['支付平台通知：退款或拒付', 'Refund or dispute told by the provider'],
  refund_wanted: ['发起退款', 'Refund begun'],
  refund_again: ['重试退款', 'Refund tried again'],
  refund_done: ['退款完成', 'Refund done'],
  refund_failed: ['退款失败', 'Refund failed'],
  refund_abnormal: ['退款异常', 'Refund needs a person'],
  refunded: ['订单因退款结束', 'Ended by a refund'],
  callback_check: ['支付回调检测', 'Callback check'],
  notification_replayed: ['重新处理支付回调', 'Notification taken in again'],
  notification_retention: ['修改回调保留期限', 'Retention of notifications changed'],
  product_created: ['新建商品', 'Product created'],
  product_changed: ['修改商品', 'Product changed'],
  cards_added: ['导入卡密', 'Keys imported'],
  card_revealed: ['查看卡密明文', 'A key was revealed'],
  api_key_created: ['创建接口密钥', 'API key made'],
  staff_created: ['新增员工', 'Person added'],
  staff_changed: ['修改员工', 'Person changed'],
  staff_link_made: ['生成设置链接', 'One-time link made'],
  password_set_by_link: ['通过链接设置密码', 'Password set by link'],
  password_changed: ['修改密码', 'Password changed'],
  totp_on: ['开启两步验证', 'Second factor on'],
  totp_off: ['关闭两步验证', 'Second factor off'],
  recovery_code_used: ['使用恢复码', 'Recovery code used'],
  signed_in: ['登录', 'Signed in'],
  signed_out: ['退出登录', 'Signed out'],
  sign_in_failed: ['登录失败', 'Sign-in failed'],
  sessions_ended: ['结束会话', 'Sessions ended'],
};

/** Actors that are no people have fixed names in the books. */
const actorNames: Readonly<Record<string, readonly [zh: string, en: string]>> = {
  automation: ['系统', 'automation'],
  'payment notification': ['支付回调', 'payment notification'],
  'temporal-ui (unverified)': ['流程界面（未验证身份）', 'workflow UI (unverified)'],
  'ops token': ['运维令牌', 'ops token'],
  buyer: ['买家', 'buyer'],
  'command line': ['命令行', 'command line'],
  'not signed in': ['未登录者', 'not signed in'],
};
export function actorName(actor: string, t: Translate): string {
  const found = actorNames[actor];
  return found ? t(...found) : actor;
}

export function actionName(action: string, t: Translate): string {
  const found = names[action];
  return found ? t(...found) : action;
}
