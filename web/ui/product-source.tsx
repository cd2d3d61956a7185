/** 货源: where the goods of one product come from: pool and suppliers in order, its link, the account that it asks for. */
import { Drawer } from 'antd';
import type { ReactNode } from 'react';
import { useT } from '../i18n.tsx';
import { LinkForm } from './product-link.tsx';
import { SourcesForm } from './product-suppliers.tsx';
import { TopUpForm } from './product-topup.tsx';
import type { Product } from './product.ts';

/** Products that have something to be set here. */
export const hasSource = (product: Product): boolean => product.kind !== 'manual';

export function ProductSource({
  product,
  close,
}: {
  readonly product: Product;
  readonly close: () => void;
}): ReactNode {
  const t = useT();
  return (
    <Drawer
      open
      size={680}
      title={t(`货源：${product.name}`, `Source of ${product.name}`)}
      onClose={close}
      destroyOnHidden
    >
      <div className="stack">
        {product.kind === 'link' && <LinkForm sku={product.sku} />}
        {product.kind === 'topup' && <TopUpForm sku={product.sku} />}
        {product.kind !== 'link' && <SourcesForm product={product} />}
      </div>
    </Drawer>
  );
}
