/** After a restore: pools give nothing until a person has said which of their keys were sold since the backup. */
import { Alert, App, Button, Form, InputNumber, Modal } from 'antd';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { Time } from './format.tsx';
import { ErrorPanel } from './states.tsx';

type Pool = Read<'/api/console/quarantine'>['pools'][number];

/** Nothing, unless a pool waits. `sku`: only that one. */
export function Quarantine({ sku }: { readonly sku?: string }): ReactNode {
  const t = useT();
  const may = useMay();
  const held = useRead('/api/console/quarantine', {}, { enabled: may('products.read') });
  const [lifting, setLifting] = useState<Pool | 'all'>();
  const pools = (held.data?.pools ?? []).filter((pool) => sku === undefined || pool.sku === sku);
  if (pools.length === 0) return null;
  return (
    <Alert
      type="warning"
      showIcon
      title={t(
        `恢复备份后，${pools.length} 个商品的卡密池已隔离，暂停发货`,
        `After a restore ${pools.length} pools are in quarantine and give nothing`,
      )}
      description={
        <div className="stack">
          {t(
            '备份之后售出的卡密在备份里仍是“可售”。请核对备份时间之后卖出了多少，填入后解除；否则可能把同一卡密卖两次。',
            'Keys sold after the backup are still "available" in it. Enter how many were sold since, then lift it; otherwise one key may be sold twice.',
          )}
          {pools.slice(0, 20).map((pool) => (
            <div key={pool.sku} className="row">
              <b>{pool.name}</b>
              <span className="mute">
                {t(
                  `可售 ${pool.available}，等待订单 ${pool.waiting}，自`,
                  `${pool.available} keys, ${pool.waiting} orders wait, since`,
                )}{' '}
                <Time at={pool.since} />
              </span>
              {may('settings.edit') && (
                <Button size="small" onClick={() => setLifting(pool)}>
                  {t('核对并解除', 'Check and lift')}
                </Button>
              )}
            </div>
          ))}
          {may('settings.edit') && sku === undefined && pools.length > 1 && (
            <div>
              <Button size="small" danger onClick={() => setLifting('all')}>
                {t('全部解除（不作废卡密）', 'Lift all as they are')}
              </Button>
            </div>
          )}
          {lifting !== undefined && (
            <Lift pool={lifting === 'all' ? undefined : lifting} close={() => setLifting(undefined)} />
          )}
        </div>
      }
    />
  );
}

function Lift({ pool, close }: { readonly pool: Pool | undefined; readonly close: () => void }): ReactNode {
  const t = useT();
  const { message } = App.useApp();
  const lift = useChange('post', '/api/console/quarantine/lift');
  const [form] = Form.useForm<{ discard: number }>();
  const save = ({ discard = 0 }: { discard?: number }): void =>
    lift.mutate(
      { body: pool ? { sku: pool.sku, discard } : {} },
      {
        onSuccess: ({ discarded }) => {
          close();
          void message.success(t(`已解除，作废 ${discarded} 个卡密`, `Lifted, ${discarded} keys are void`));
        },
      },
    );
  return (
    <Modal
      open
      title={pool ? t(`解除隔离：${pool.name}`, `Lift: ${pool.name}`) : t('解除全部隔离', 'Lift all')}
      onCancel={close}
      onOk={() => form.submit()}
      okText={t('解除隔离', 'Lift')}
      okButtonProps={{ danger: true, loading: lift.isPending }}
      destroyOnHidden
    >
      <Form form={form} layout="vertical" requiredMark={false} onFinish={save} initialValues={{ discard: 0 }}>
        {pool ? (
          <Form.Item
            name="discard"
            label={t('备份之后已售出的数量', 'How many were sold after the backup')}
            extra={t(
              '卡密池最前面的这些卡密会作废，不再出售。可在支付平台对账后填写。',
              'So many at the head of the pool become void. Your payment provider knows the number.',
            )}
          >
            <InputNumber min={0} max={100_000} precision={0} autoFocus style={{ width: 160 }} />
          </Form.Item>
        ) : (
          <p>
            {t(
              '所有卡密池按备份原样恢复出售。仅在确认备份后没有售出任何卡密时使用。',
              'All pools sell again as they are in the backup. Only if nothing was sold since.',
            )}
          </p>
        )}
        {lift.error && <ErrorPanel error={lift.error} />}
      </Form>
    </Modal>
  );
}
