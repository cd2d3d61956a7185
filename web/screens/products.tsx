/** 商品: the list with its stock, the form in steps, what the buyer will see. */
import { App, Button, Drawer, Select, Tag, Typography } from 'antd';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { FilterText } from '../ui/filter-text.tsx';
import { useFilters } from '../ui/filters.ts';
import { money } from '../ui/format.tsx';
import { Page } from '../ui/page.tsx';
import { usePaging } from '../ui/paging.ts';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState } from '../ui/states.tsx';
import { kindName, saleName, type Product } from '../ui/product.ts';
import { hasSource, ProductSource } from '../ui/product-source.tsx';
import { ProductForm } from './product-form.tsx';

export function ProductsScreen(): ReactNode {
  const t = useT();
  const may = useMay();
  const { modal } = App.useApp();
  const { filters, set } = useFilters();
  const paging = usePaging();
  const [editing, setEditing] = useState<Product | 'new'>();
  const [sourcing, setSourcing] = useState<Product>();
  const products = useRead('/api/console/products', {
    query: {
      ...(filters['search'] && { search: filters['search'] }),
      ...(filters['state'] && { state: filters['state'] as Product['state'] }),
      ...(filters['nameType'] && { nameType: filters['nameType'] }),
      ...(paging.before && { after: paging.before }),
    },
  });
  const facets = useRead('/api/console/products/facets');
  const change = (next: Record<string, string | undefined>): void => {
    paging.reset();
    set(next);
  };
  const showLink = (product: Product): void => {
    modal.info({
      title: t('商品链接', 'Link of the product'),
      content: (
        <>
          <p>{t('发给买家，打开即可下单。', 'Send it to buyers: it opens the checkout.')}</p>
          <Typography.Text
            copyable
            className="mono"
          >{`${location.origin}/p/${encodeURIComponent(product.sku)}`}</Typography.Text>
        </>
      ),
    });
  };
  return (
    <Page
      title={t('商品', 'Products')}
      actions={
        may('products.edit') && (
          <>
            <Link to="/products/import">
              <Button>{t('批量导入', 'Import a sheet')}</Button>
            </Link>
            <Button type="primary" onClick={() => setEditing('new')}>
              {t('新建商品', 'New product')}
            </Button>
          </>
        )
      }
    >
      <div className="row" role="search">
        <FilterText
          label={t('名称或编码', 'Name or SKU')}
          value={filters['search']}
          width={240}
          onSearch={(search) => change({ search })}
        />
        <Select
          allowClear
          placeholder={t('类型', 'Type')}
          aria-label={t('类型', 'Type')}
          style={{ minWidth: 140 }}
          value={filters['nameType']}
          onChange={(nameType?: string) => change({ nameType })}
          options={(facets.data?.types ?? []).map((value) => ({ value, label: value }))}
        />
        <Select
          allowClear
          placeholder={t('全部状态', 'Any state')}
          aria-label={t('状态', 'State')}
          style={{ minWidth: 130 }}
          value={filters['state']}
          onChange={(state?: string) => change({ state })}
          options={(['on_sale', 'off_sale', 'draft'] as const).map((value) => ({ value, label: saleName(value, t) }))}
        />
      </div>
      <ResourceTable<Read<'/api/console/products'>, Product>
        of={products}
        label={t('商品', 'Products')}
        rows={(data) => data.items}
        rowKey={(row) => row.id}
        more={paging.more(products.data?.next)}
        empty={
          <EmptyState
            what={t('还没有商品', 'No products yet')}
            why={t('建好商品、导入卡密后，就能自动发货了。', 'With a product and keys, delivery works by itself.')}
            action={
              may('products.edit') && <Button onClick={() => setEditing('new')}>{t('新建商品', 'New product')}</Button>
            }
          />
        }
        columns={[
          {
            title: t('商品', 'Product'),
            render: (row) => (
              <div>
                {row.name}
                <div className="mute mono small">{row.sku}</div>
              </div>
            ),
          },
          { title: t('发货方式', 'Delivery'), render: (row) => <Tag>{kindName(row.kind, t)}</Tag> },
          { title: t('价格', 'Price'), align: 'right', render: (row) => money(row.priceMinor, row.currency) },
          { title: t('库存', 'Stock'), align: 'right', render: (row) => <Stock product={row} /> },
          { title: t('已售', 'Sold'), align: 'right', deskOnly: true, render: (row) => row.stock.live.sold },
          {
            title: t('状态', 'State'),
            render: (row) => <Tag color={row.state === 'on_sale' ? 'green' : 'default'}>{saleName(row.state, t)}</Tag>,
          },
          {
            title: t('操作', 'Actions'),
            render: (row) => (
              <span className="row">
                {may('products.edit') && (
                  <Button size="small" onClick={() => setEditing(row)}>
                    {t('编辑', 'Edit')}
                  </Button>
                )}
                {hasSource(row) && (
                  <Button size="small" onClick={() => setSourcing(row)}>
                    {t('货源', 'Source')}
                  </Button>
                )}
                {row.kind === 'card' && (
                  <Link to="/cards" search={{ product: String(row.id) }}>
                    <Button size="small">{t('卡密', 'Keys')}</Button>
                  </Link>
                )}
                {row.state === 'on_sale' && (
                  <Button size="small" onClick={() => showLink(row)}>
                    {t('购买链接', 'Link')}
                  </Button>
                )}
              </span>
            ),
          },
        ]}
      />
      {editing !== undefined && (
        <Drawer
          open
          size={720}
          title={editing === 'new' ? t('新建商品', 'New product') : editing.name}
          onClose={() => setEditing(undefined)}
          destroyOnHidden
        >
          <ProductForm product={editing === 'new' ? undefined : editing} done={() => setEditing(undefined)} />
        </Drawer>
      )}
      {sourcing && <ProductSource product={sourcing} close={() => setSourcing(undefined)} />}
    </Page>
  );
}

function Stock({ product }: { readonly product: Product }): ReactNode {
  const t = useT();
  if (product.kind !== 'card') return <span className="mute">—</span>;
  const { available, held } = product.stock.live;
  const low = available < (product.warnBelow ?? 10);
  return (
    <span>
      <Tag color={available === 0 ? 'red' : low ? 'orange' : 'default'}>{available}</Tag>
      {held > 0 && <span className="mute">{t(`锁定 ${held}`, `${held} held`)}</span>}
    </span>
  );
}
