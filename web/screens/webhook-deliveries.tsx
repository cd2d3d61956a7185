/** What a shop was told lately, and whether it took it. */
import { Drawer, Tag } from 'antd';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { Time } from '../ui/format.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState } from '../ui/states.tsx';
import { ReasonText, TestTag } from '../ui/status.tsx';

type Data = Read<'/api/console/shops/:id/webhook/deliveries'>;
type Row = Data['deliveries'][number];

export function Deliveries({ shopId, close }: { readonly shopId: number; readonly close: () => void }): ReactNode {
  const t = useT();
  const data = useRead('/api/console/shops/:id/webhook/deliveries', { params: { id: shopId } });
  return (
    <Drawer open size={720} title={t('回调记录', 'Deliveries of the webhook')} onClose={close} destroyOnHidden>
      <ResourceTable<Data, Row>
        of={data}
        label={t('回调记录', 'Deliveries of the webhook')}
        rows={(d) => d.deliveries}
        rowKey={(row) => row.orderNo}
        empty={
          <EmptyState
            what={t('还没有回调', 'Nothing was sent yet')}
            why={t('此店铺的订单发货后会出现在这里。', 'They appear when an order of this shop is delivered.')}
          />
        }
        columns={[
          { title: t('订单', 'Order'), render: (row) => (<><Link to={`/orders/${row.orderNo}`}>{row.orderNo}</Link> <TestTag mode={row.mode} /></>) }, // prettier-ignore
          { title: t('状态', 'State'), render: (row) => <DeliveryState row={row} /> },
          { title: t('开始', 'Begun'), render: (row) => <Time at={row.createdAt} /> },
          { title: t('送达', 'Taken'), render: (row) => <Time at={row.sentAt} /> },
        ]}
      />
    </Drawer>
  );
}

function DeliveryState({ row }: { readonly row: Row }): ReactNode {
  const t = useT();
  if (row.state === 'sent') return <Tag color="green">{t('已送达', 'Taken')}</Tag>;
  if (row.state === 'pending') return <Tag color="gold">{t('发送中，失败会重试', 'On its way; tried again')}</Tag>;
  return (
    <>
      <Tag color="red">{t('失败', 'Failed')}</Tag> <ReasonText reason={row.reason} next />
    </>
  );
}
