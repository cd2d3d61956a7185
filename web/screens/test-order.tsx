/** 测试订单 (E2): the whole way with a sandbox payment, its log live, the stock before and after. */
import { Alert, App, Button, Card, Form, Input, InputNumber, Select, Statistic, Steps, Switch, Typography } from 'antd';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n, useT } from '../i18n.tsx';
import { duration, Time } from '../ui/format.tsx';
import { Page } from '../ui/page.tsx';
import { EmptyState, ErrorPanel, Loaded, useErrorText } from '../ui/states.tsx';
import { ReasonText } from '../ui/status.tsx';

interface Fields {
  readonly sku: string;
  readonly quantity: number;
  readonly email?: string;
  readonly sample: boolean;
}
interface Placed {
  readonly orderNo: string;
  readonly pickupUrl: string;
  readonly before: number;
  readonly sku: string;
}

export function TestOrderScreen(): ReactNode {
  const t = useT();
  const { modal, message } = App.useApp();
  const errorText = useErrorText();
  const products = useRead('/api/console/products', { query: { state: 'on_sale', limit: 200 } });
  const place = useChange('post', '/api/console/test-orders');
  const clean = useChange('post', '/api/console/test-orders/clean');
  const [placed, setPlaced] = useState<Placed>();
  const start = ({ sku, quantity, email, sample }: Fields): void => {
    setPlaced(undefined);
    place.mutate(
      { body: { id: crypto.randomUUID(), sku, quantity, ...(email && { email }), sampleCards: sample ? quantity : 0 } },
      { onSuccess: (data) => setPlaced({ ...data, sku }) },
    );
  };
  const clear = (): void => {
    const work = (): Promise<void> =>
      new Promise((resolve) => {
        clean.mutate(
          {},
          {
            onSuccess: (d) =>
              void message.success(
                t(
                  `已关闭 ${d.closed} 个订单，作废 ${d.cards} 个卡密`,
                  `${d.closed} orders closed, ${d.cards} keys void`,
                ),
              ),
            onError: (error) => void message.error(errorText(error).cause),
            onSettled: () => resolve(),
          },
        );
      });
    modal.confirm({
      title: t('清理测试数据？', 'Clear the test data?'),
      content: t(
        '关闭未完成的测试订单，并作废未售出的测试卡密。正式数据不受影响。',
        'Open test orders are closed, unsold test keys become void. Live data stays.',
      ),
      onOk: work,
    });
  };
  return (
    <Page
      title={t('测试订单', 'Test order')}
      why={t(
        '用沙盒付款走完整个流程，不收真钱，只用测试卡密，不计入统计。',
        'The whole way with a sandbox payment: no money, test keys only, outside the statistics.',
      )}
      actions={<Button onClick={clear}>{t('清理测试数据', 'Clear test data')}</Button>}
    >
      <div className="grid">
        <Card title={t('下单', 'Order')}>
          <Form<Fields>
            layout="vertical"
            requiredMark={false}
            onFinish={start}
            initialValues={{ quantity: 1, sample: true }}
          >
            <Form.Item
              name="sku"
              label={t('商品', 'Product')}
              rules={[{ required: true, message: t('请选择商品', 'Choose a product') }]}
            >
              <Select
                showSearch={{ optionFilterProp: 'label' }}
                loading={products.isLoading}
                options={(products.data?.items ?? []).map((p) => ({ value: p.sku, label: p.name }))}
                notFoundContent={
                  <EmptyState
                    what={t('还没有在售商品', 'No product is on sale')}
                    action={<Link to="/products">{t('新建商品', 'Create one')}</Link>}
                  />
                }
              />
            </Form.Item>
            <Form.Item name="quantity" label={t('数量', 'Quantity')}>
              <InputNumber min={1} max={100} precision={0} />
            </Form.Item>
            <Form.Item name="email" label={t('收件邮箱（可选）', 'Mail (optional)')} rules={[{ type: 'email' }]}>
              <Input placeholder="you@example.com" />
            </Form.Item>
            <Form.Item
              name="sample"
              label={t('自动放入测试卡密', 'Put made-up keys into the test pool')}
              valuePropName="checked"
              extra={t('关闭后可测试缺货时的处理', 'Switch it off to see what an empty pool does')}
            >
              <Switch />
            </Form.Item>
            {place.error && <ErrorPanel error={place.error} />}
            <Button type="primary" htmlType="submit" loading={place.isPending}>
              {t('下单并沙盒付款', 'Order and pay in the sandbox')}
            </Button>
          </Form>
        </Card>
        {placed ? (
          <Progress placed={placed} />
        ) : (
          <Card>{<EmptyState what={t('下单后，这里会实时显示每一步', 'Each step appears here, live')} />}</Card>
        )}
      </div>
    </Page>
  );
}

type File = Read<'/api/console/orders/:no'>;

function Progress({ placed }: { readonly placed: Placed }): ReactNode {
  const t = useT();
  const file = useRead('/api/console/orders/:no', { params: { no: placed.orderNo } }, { refetchInterval: 700 });
  return (
    <Card title={t('实时日志', 'Live log')} extra={<Link to={`/orders/${placed.orderNo}`}>{placed.orderNo}</Link>}>
      <Loaded of={file}>{(data) => <Log file={data} placed={placed} />}</Loaded>
    </Card>
  );
}

function Log({ file, placed }: { readonly file: File; readonly placed: Placed }): ReactNode {
  const { t, language } = useI18n();
  const { order } = file;
  const failed = order.reason !== null;
  const step = order.deliveredAt ? 3 : order.paidAt ? 2 : 1;
  const stock = useRead('/api/console/test-orders/stock', { query: { sku: placed.sku } }, { refetchInterval: 1000 });
  const mail = file.messages.find((m) => m.kind === 'mail');
  return (
    <div className="stack">
      <Steps
        size="small"
        responsive={false}
        titlePlacement="vertical"
        current={step}
        status={failed ? 'error' : order.deliveredAt ? 'finish' : 'process'}
        items={[
          { title: t('下单', 'Placed'), content: <Time at={order.createdAt} /> },
          { title: t('付款通知', 'Payment'), content: <Time at={order.paidAt} /> },
          { title: t('发货', 'Delivered'), content: <Time at={order.deliveredAt} /> },
        ]}
      />
      {order.deliveredAt && (
        <Alert
          type="success"
          showIcon
          title={t(
            `测试成功：付款后 ${duration(order.tookMs, language)} 发货`,
            `It works: delivered ${duration(order.tookMs, language)} after the payment`,
          )}
          description={
            <Typography.Text copyable={{ text: placed.pickupUrl }}>
              <a href={placed.pickupUrl} target="_blank" rel="noreferrer">
                {t('打开买家提货页', "Open the buyer's page")}
              </a>
            </Typography.Text>
          }
        />
      )}
      {failed && (
        <Alert
          type="error"
          showIcon
          title={<ReasonText reason={order.reason} />}
          description={<ReasonText reason={order.reason} next />}
          action={<FixLink code={order.reason?.code ?? ''} />}
        />
      )}
      <div className="tiles">
        <Statistic title={t('测试库存：之前', 'Test stock before')} value={placed.before} />
        <Statistic title={t('之后', 'After')} value={stock.data?.available ?? '–'} />
        {mail && (
          <Statistic
            title={t('邮件', 'Mail')}
            value={
              mail.state === 'sent'
                ? t('已发送', 'sent')
                : mail.state === 'failed'
                  ? t('失败', 'failed')
                  : t('发送中', 'sending')
            }
          />
        )}
      </div>
    </div>
  );
}

/** The button that leads to what must be mended. */
function FixLink({ code }: { readonly code: string }): ReactNode {
  const t = useT();
  if (/^POOL_|^STOCK_/.test(code)) return <Link to="/cards">{t('导入卡密', 'Import keys')}</Link>;
  if (code === 'AUTO_DELIVERY_OFF') return <Link to="/">{t('打开开关', 'Switch it on')}</Link>;
  if (/^SUPPLIER_|^PURCHASE_|^NO_SOURCE/.test(code)) return <Link to="/suppliers">{t('供应商', 'Suppliers')}</Link>;
  if (/^PAYMENT_|^GATEWAY_/.test(code)) return <Link to="/payments">{t('收款账户', 'Accounts')}</Link>;
  return <Link to="/queue">{t('去处理', 'To the queue')}</Link>;
}
