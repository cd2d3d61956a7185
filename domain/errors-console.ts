/** The error catalogue's part on what the console administers: shops and their keys, pools in quarantine. */
import { entry, type ErrorEntry } from './error-entry.ts';

export const consoleErrors = {
  SHOP_NOT_FOUND: entry(404, '找不到该店铺', '请刷新列表', 'No such shop', 'Reload the list'),
  SHOP_NAME_TAKEN: entry(
    409,
    '店铺名称已被使用',
    '请换一个名称',
    'A shop with this name exists',
    'Choose another name',
  ),
  API_KEY_NOT_FOUND: entry(
    404,
    '找不到该接口密钥，或已吊销',
    '请刷新列表',
    'No such API key, or it was revoked',
    'Reload the list',
  ),
  WEBHOOK_MISSING: entry(
    409,
    '该店铺还没有设置回调地址',
    '请先填写回调地址并保存',
    'This shop has no webhook yet',
    'Enter its address and save it first',
  ),
  NOT_READY_FOR_LIVE: entry(
    409,
    '还有必须完成的上线条件',
    '请完成上线检查中标红的项目',
    'Something still stands in the way of going live',
    'Do what the check marks in red',
  ),
  SHOP_NOT_LIVE: entry(
    409,
    '店铺尚未正式上线，暂不接受正式订单',
    '请店主在控制台「上线检查」中点击「正式上线」；接口联调请使用测试密钥',
    'The shop has not gone live: it takes no live orders yet',
    'The owner goes live in the console under “Going live”; to try the API use a key of test mode',
  ),
  POOL_NOT_QUARANTINED: entry(
    409,
    '该卡密池没有处于隔离状态',
    '可能已由他人解除，请刷新',
    'This pool is not in quarantine',
    'Somebody may have lifted it; reload',
  ),
} as const satisfies Record<string, ErrorEntry>;
