/** 卡密池: a product's keys by batch, the import in three steps, what was left out and why. */
import { Button, Card, Drawer, Select, Statistic, Tabs, Tag } from 'antd';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { actorName } from '../ui/actions.ts';
import { useFilters } from '../ui/filters.ts';
import { money, Time } from '../ui/format.tsx';
import { Page } from '../ui/page.tsx';
import { Quarantine } from '../ui/quarantine.tsx';
import { ReasonButton } from '../ui/reason-button.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState, ErrorPanel } from '../ui/states.tsx';
import { CardExports } from './card-exports.tsx';
import { CardList } from './card-list.tsx';
import { ImportWizard } from './import-wizard.tsx';

type Batches = Read<'/api/console/products/:id/batches'>;
type Batch = Batches['items'][number];

/** What the screen reads of the products. */
const pools = { query: { kind: 'card', limit: 200 } } as const;

export function CardsScreen(): ReactNode {
  const t = useT();
  const may = useMay();
  const { filters, set } = useFilters();
  const [importing, setImporting] = useState(false);
  const products = useRead('/api/console/products', pools);
  const id = Number(filters['product'] ?? products.data?.items[0]?.id ?? 0);
  const product = products.data?.items.find((p) => p.id === id);
  return (
    <Page
      title={t('卡密池', 'Key pool')}
      actions={
        may('cards.import') && (
          <Button type="primary" disabled={!product} onClick={() => setImporting(true)}>
            {t('导入卡密', 'Import keys')}
          </Button>
        )
      }
    >
      {products.error && <ErrorPanel error={products.error} />}
      <div className="row">
        <Select
          showSearch={{ optionFilterProp: 'label' }}
          style={{ minWidth: 280 }}
          aria-label={t('商品', 'Product')}
          placeholder={t('选择商品', 'Choose a product')}
          value={product?.id ?? null}
          onChange={(value: number) => set({ product: String(value) })}
          options={(products.data?.items ?? []).map((p) => ({ value: p.id, label: p.name }))}
        />
      </div>
      {products.data?.items.length === 0 && (
        <EmptyState
          what={t('还没有卡密类商品', 'No product with keys yet')}
          why={t('先新建商品，再导入卡密。', 'Create a product first.')}
        />
      )}
      {product && (
        <>
          <Quarantine sku={product.sku} />
          <div className="tiles">
            {(
              [
                [t('可售', 'Available'), product.stock.live.available],
                [t('锁定', 'Held'), product.stock.live.held],
                [t('已售', 'Sold'), product.stock.live.sold],
                [t('过期', 'Expired'), product.stock.live.expired],
                [t('作废', 'Void'), product.stock.live.void],
                [t('测试可售', 'Test, available'), product.stock.test.available],
              ] as const
            ).map(([title, value]) => (
              <Card size="small" key={title}>
                <Statistic title={title} value={value} />
              </Card>
            ))}
          </div>
          {product.stock.live.daysOfSupply !== null && (
            <span className="mute">
              {t(
                `按近 7 天销量，约可售 ${product.stock.live.daysOfSupply.toFixed(1)} 天`,
                `About ${product.stock.live.daysOfSupply.toFixed(1)} days at the rate of the last week`,
              )}
            </span>
          )}
          <Tabs
            key={product.id}
            destroyOnHidden
            activeKey={filters['tab'] ?? 'batches'}
            onChange={(tab) => set({ tab: tab === 'batches' ? undefined : tab })}
            items={[
              { key: 'batches', label: t('批次', 'Batches'), children: <BatchTable productId={product.id} /> },
              { key: 'keys', label: t('单个卡密', 'Single keys'), children: <CardList productId={product.id} /> },
              ...(may('cards.export')
                ? [{ key: 'exports', label: t('导出', 'Export'), children: <CardExports productId={product.id} /> }]
                : []),
            ]}
          />
        </>
      )}
      {importing && product && (
        <Drawer
          open
          size={760}
          title={t(`导入卡密：${product.name}`, `Import keys: ${product.name}`)}
          onClose={() => setImporting(false)}
          destroyOnHidden
        >
          <ImportWizard productId={product.id} done={() => setImporting(false)} />
        </Drawer>
      )}
    </Page>
  );
}

/** Taken back, and its keys still on their way out: a million take half a minute. */
const isUndoing = (batch: Batch): boolean => batch.undoneAt !== null && batch.available > 0;

function BatchTable({ productId }: { readonly productId: number }): ReactNode {
  const t = useT();
  const may = useMay();
  const batches = useRead(
    '/api/console/products/:id/batches',
    { params: { id: productId } },
    { whilst: ({ items }) => items.some(isUndoing) },
  );
  // The totals above are of what all of the screen reads: they count down too.
  useRead('/api/console/products', pools, { refetchInterval: batches.data?.items.some(isUndoing) === true && 2_000 });
  return (
    <Card title={t('批次', 'Batches')} size="small">
      <ResourceTable<Batches, Batch>
        of={batches}
        label={t('批次', 'Batches')}
        rows={(data) => data.items}
        rowKey={(row) => row.id}
        empty={
          <EmptyState
            what={t('还没有卡密', 'No keys yet')}
            why={t('点击“导入卡密”，支持 Excel、CSV、文本和粘贴。', 'Import them from Excel, CSV, text or by paste.')}
          />
        }
        columns={[
          {
            title: t('批次', 'Batch'),
            render: (row) => (
              <>
                #{row.id} {row.mode === 'test' && <Tag color="orange">{t('测试', 'Test')}</Tag>}
                {row.undoneAt !== null && (
                  <Tag>{isUndoing(row) ? t('正在撤销', 'Being undone') : t('已撤销', 'Undone')}</Tag>
                )}
              </>
            ),
          },
          { title: t('来源', 'Source'), render: (row) => (row.source === 'upload' ? t('上传', 'upload') : row.source === 'supplier' ? t('供应商', 'supplier') : row.source || '—') }, // prettier-ignore
          { title: t('导入', 'Imported'), render: (row) => (<><Time at={row.createdAt} /> <span className="mute">{actorName(row.by, t)}</span></>) }, // prettier-ignore
          { title: t('可售', 'Available'), align: 'right', render: (row) => row.available },
          { title: t('已售', 'Sold'), align: 'right', render: (row) => row.sold },
          {
            title: t('成本', 'Cost'),
            align: 'right',
            deskOnly: true,
            render: (row) => (row.costMinor === null ? '—' : money(row.costMinor, row.currency ?? 'CNY')),
          },
          { title: t('有效期', 'Expires'), deskOnly: true, render: (row) => <Time at={row.expiresAt} /> },
          {
            title: t('操作', 'Actions'),
            render: (row) =>
              may('cards.import') && row.undoneAt === null && row.available > 0 && <UndoButton batch={row} />,
          },
        ]}
      />
    </Card>
  );
}

function UndoButton({ batch }: { readonly batch: Batch }): ReactNode {
  const t = useT();
  const undo = useChange('post', '/api/console/batches/:id/undo');
  return (
    <ReasonButton
      danger
      label={t('撤销', 'Undo')}
      title={t(`撤销批次 #${batch.id}？`, `Undo batch #${batch.id}?`)}
      what={t(
        `${batch.available} 个未售卡密将作废，已售的不受影响。`,
        `${batch.available} unsold keys become void; sold ones stay.`,
      )}
      act={(reason) => undo.mutateAsync({ params: { id: batch.id }, body: { reason } })}
    />
  );
}
