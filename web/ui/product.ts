/** The words for what a product is. */
import type { Read } from '../api/routes.ts';
import type { Translate } from '../i18n.tsx';

export type Product = Read<'/api/console/products'>['items'][number];

export function kindName(kind: Product['kind'], t: Translate): string {
  const names: Record<Product['kind'], string> = {
    card: t('卡密', 'Card keys'),
    link: t('链接', 'Link'),
    supplier: t('供应商', 'Supplier'),
    topup: t('直充', 'Top-up'),
    manual: t('人工', 'By hand'),
  };
  return names[kind];
}
export function saleName(state: Product['state'], t: Translate): string {
  return { draft: t('草稿', 'Draft'), on_sale: t('在售', 'On sale'), off_sale: t('已下架', 'Off sale') }[state];
}
