/** Single keys of a product: never their texts. One is shown for a reason, found by its whole text, or taken out. */
import { App, Button, Card, Input, Segmented, Tag, Typography } from 'antd';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { ask } from '../api/client.ts';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT, type Translate } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { Time } from '../ui/format.tsx';
import { usePaging } from '../ui/paging.ts';
import { ReasonButton } from '../ui/reason-button.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState, ErrorPanel } from '../ui/states.tsx';
import { TestTag } from '../ui/status.tsx';

type Data = Read<'/api/console/products/:id/cards'>;
type Key = Data['items'][number];
type State = Key['state'];

export function cardStateName(state: State, t: Translate): string {
  const names: Record<State, string> = {
    available: t('可售', 'Available'),
    held: t('锁定', 'Held'),
    sold: t('已售', 'Sold'),
    expired: t('过期', 'Expired'),
    void: t('作废', 'Void'),
  };
  return names[state];
}
const colours: Record<State, string> = { available: 'green', held: 'gold', sold: 'blue', expired: 'red', void: 'default' }; // prettier-ignore

export function CardList({
  productId,
  batchId,
}: {
  readonly productId: number;
  readonly batchId?: number | undefined;
}): ReactNode {
  const t = useT();
  const may = useMay();
  const { modal } = App.useApp();
  const paging = usePaging();
  const [state, setState] = useState<State | ''>('');
  const [found, setFound] = useState<Key | null>();
  const find = useChange('post', '/api/console/products/:id/find-card');
  const withdraw = useChange('post', '/api/console/cards/:id/void');
  const cards = useRead('/api/console/products/:id/cards', {
    params: { id: productId },
    query: {
      ...(state && { state }),
      ...(batchId !== undefined && { batchId }),
      ...(paging.before && { after: paging.before }),
    },
  });
  const show = async (key: Key, reason: string): Promise<void> => {
    const { parts, labels } = await ask('post', '/api/console/cards/:id/reveal', {
      params: { id: key.id },
      body: { reason },
    });
    modal.info({
      title: t(`卡密 #${key.id}`, `Key #${key.id}`),
      content: (
        <>
          {parts.map((part, i) => (
            <div key={i}>
              {labels[i] !== undefined && <Typography.Text type="secondary">{labels[i]} </Typography.Text>}
              <Typography.Text copyable={{ text: part }} className="mono">
                {part}
              </Typography.Text>
            </div>
          ))}
        </>
      ),
    });
  };
  const search = (text: string): void => {
    if (text.trim() === '') setFound(undefined);
    else
      find.mutate(
        { params: { id: productId }, body: { key: text.trim(), parts: [] } },
        { onSuccess: ({ card }) => setFound(card) },
      );
  };
  return (
    <Card
      size="small"
      title={t('单个卡密', 'Single keys')}
      extra={
        <Input.Search
          allowClear
          style={{ width: 240 }}
          placeholder={t('输入完整卡密查找', 'Find by the whole key')}
          aria-label={t('输入完整卡密查找', 'Find by the whole key')}
          autoComplete="off"
          loading={find.isPending}
          onSearch={search}
        />
      }
    >
      <div className="stack">
        {find.error && <ErrorPanel error={find.error} />}
        {found === null && <EmptyState what={t('此商品没有这个卡密', 'No such key of this product')} />}
        {found === undefined && (
          <Segmented<State | ''>
            value={state}
            onChange={(value) => {
              paging.reset();
              setState(value);
            }}
            options={[
              { value: '', label: t('全部', 'All') },
              ...(['available', 'held', 'sold', 'expired', 'void'] as const).map((value) => ({ value, label: cardStateName(value, t) })), // prettier-ignore
            ]}
          />
        )}
        {found !== null && (
          <ResourceTable<Data, Key>
            of={cards}
            label={t('单个卡密', 'Single keys')}
            rows={(data) => (found ? [found] : data.items)}
            rowKey={(row) => row.id}
            {...(!found && { more: paging.more(cards.data?.next) })}
            empty={<EmptyState what={t('没有这样的卡密', 'No such keys')} />}
            columns={[
              { title: t('编号', 'Number'), render: (row) => (<>#{row.id} <TestTag mode={row.mode} /></>) }, // prettier-ignore
              { title: t('批次', 'Batch'), render: (row) => `#${row.batchId}` },
              { title: t('状态', 'State'), render: (row) => <Tag color={colours[row.state]}>{cardStateName(row.state, t)}</Tag> }, // prettier-ignore
              { title: t('有效期', 'Expires'), render: (row) => (row.expiresAt === null ? t('长期', 'never') : <Time at={row.expiresAt} />) }, // prettier-ignore
              { title: t('订单', 'Order'), render: (row) => row.orderNo !== null && <Link to={`/orders/${row.orderNo}`}>{row.orderNo}</Link> }, // prettier-ignore
              { title: t('售出', 'Sold'), deskOnly: true, render: (row) => <Time at={row.soldAt} /> },
              {
                title: t('操作', 'Actions'),
                render: (row) => (
                  <span className="row">
                    {may('cards.reveal') && (
                      <ReasonButton
                        label={t('查看', 'Show')}
                        title={t('查看卡密明文？', 'Show this key?')}
                        act={(reason) => show(row, reason)}
                      />
                    )}
                    {may('cards.import') && (row.state === 'available' || row.state === 'expired') && (
                      <ReasonButton
                        danger
                        label={t('作废', 'Void')}
                        title={t('作废此卡密？不可恢复', 'Take it out of the pool for ever?')}
                        act={(reason) => withdraw.mutateAsync({ params: { id: row.id }, body: { reason } })}
                      />
                    )}
                  </span>
                ),
              },
            ]}
          />
        )}
        {found && (
          <div>
            <Button onClick={() => setFound(undefined)}>{t('返回列表', 'Back to the list')}</Button>
          </div>
        )}
      </div>
    </Card>
  );
}
