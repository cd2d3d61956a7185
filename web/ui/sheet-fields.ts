/** The columns of a product sheet, in words. */
import type { Input, RouteOf } from '../api/routes.ts';
import type { Translate } from '../i18n.tsx';

type Body = NonNullable<Input<RouteOf<'post', '/api/console/imports/products'>>['body']>;
export type Field = NonNullable<Body['mapping']>[string];

export function fieldNames(t: Translate): Record<Field, string> {
  return {
    name: t('商品名称', 'Name'),
    sku: t('SKU编码', 'SKU'),
    kind: t('商品类型', 'Kind'),
    price: t('售价', 'Price'),
    currency: t('币种', 'Currency'),
    content: t('发货内容', 'Keys'),
    stockLimit: t('库存上限', 'Stock limit'),
    warnBelow: t('库存预警', 'Warn below'),
    minQuantity: t('最小购买数量', 'Smallest quantity'),
    maxQuantity: t('最大购买数量', 'Largest quantity'),
    buyerLimit: t('每人限购', 'Per buyer'),
    state: t('状态', 'State'),
    tags: t('标签', 'Tags'),
    note: t('备注', 'Note'),
  };
}
export const fields = Object.keys(fieldNames((zh) => zh)) as Field[];
