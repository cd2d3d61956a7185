/** 手动发货入口 (C4): a sale that automation never saw. */
import { Alert, Button, Card, Form, Input, InputNumber, Radio, Select, Typography } from 'antd';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import { useT } from '../i18n.tsx';
import { parseMoney } from '../ui/format.tsx';
import { Page } from '../ui/page.tsx';
import { ErrorPanel } from '../ui/states.tsx';

interface Fields {
  readonly sku: string;
  readonly quantity: number;
  readonly from: 'pool' | 'typed';
  readonly goods?: string;
  readonly email?: string;
  readonly amount?: string;
  readonly note: string;
  readonly mode: 'live' | 'test';
}

export function ManualScreen(): ReactNode {
  const t = useT();
  const [id, setId] = useState(() => crypto.randomUUID());
  const [form] = Form.useForm<Fields>();
  const from = Form.useWatch('from', form);
  const products = useRead('/api/console/products', { query: { limit: 200 } });
  const deliver = useChange('post', '/api/console/manual-deliveries');
  const save = (f: Fields): void => {
    const product = products.data?.items.find((p) => p.sku === f.sku);
    const amountMinor = f.amount ? parseMoney(f.amount, product?.currency ?? 'CNY') : undefined;
    const goods =
      f.from === 'typed'
        ? (f.goods ?? '')
            .split('\n')
            .map((line) => line.replace(/\r$/, ''))
            .filter(Boolean)
        : undefined;
    deliver.mutate({
      body: {
        id,
        mode: f.mode,
        sku: f.sku,
        quantity: f.quantity,
        note: f.note,
        ...(f.email && { email: f.email }),
        ...(goods && { goods }),
        ...(amountMinor !== undefined && { amountMinor }),
      },
    });
  };
  if (deliver.data) {
    const { orderNo, pickupUrl } = deliver.data;
    return (
      <Page title={t('手动发货', 'Deliver by hand')}>
        <Alert
          type="success"
          showIcon
          title={t('已发货', 'Delivered')}
          description={<Link to={`/orders/${orderNo}`}>{orderNo}</Link>}
        />
        <Card title={t('提货链接（只发给买家本人）', 'Pickup link (for the buyer only)')} size="small">
          <Typography.Text copyable className="mono">
            {pickupUrl}
          </Typography.Text>
        </Card>
        <div>
          <Button
            onClick={() => {
              deliver.reset();
              setId(crypto.randomUUID());
              form.resetFields();
            }}
          >
            {t('再发一单', 'Another one')}
          </Button>
        </div>
      </Page>
    );
  }
  return (
    <Page
      title={t('手动发货', 'Deliver by hand')}
      why={t(
        '用于系统里没有的订单，例如线下收款或系统故障期间的付款。',
        'For sales the system never saw: paid elsewhere, or while it was down.',
      )}
    >
      <Card>
        <Form<Fields>
          form={form}
          layout="vertical"
          requiredMark={false}
          style={{ maxWidth: 560 }}
          onFinish={save}
          initialValues={{ quantity: 1, from: 'pool', mode: 'live' }}
        >
          <Form.Item
            name="sku"
            label={t('商品', 'Product')}
            rules={[{ required: true, message: t('请选择商品', 'Choose a product') }]}
          >
            <Select
              showSearch={{ optionFilterProp: 'label' }}
              options={(products.data?.items ?? []).map((p) => ({ value: p.sku, label: `${p.name} (${p.sku})` }))}
            />
          </Form.Item>
          <Form.Item name="quantity" label={t('数量', 'Quantity')}>
            <InputNumber min={1} max={1000} precision={0} />
          </Form.Item>
          <Form.Item name="from" label={t('卡密来源', 'Keys')}>
            <Radio.Group
              options={[
                { value: 'pool', label: t('从卡密池取', 'From the pool') },
                { value: 'typed', label: t('手动输入', 'Typed') },
              ]}
            />
          </Form.Item>
          {from === 'typed' && (
            <Form.Item name="goods" label={t('卡密，每行一个', 'Keys, one a line')} rules={[{ required: true }]}>
              <Input.TextArea rows={4} className="mono" spellCheck={false} autoComplete="off" />
            </Form.Item>
          )}
          <Form.Item
            name="email"
            label={t('买家邮箱（可选，填写后会发邮件）', "Buyer's mail (optional)")}
            rules={[{ type: 'email' }]}
          >
            <Input />
          </Form.Item>
          <Form.Item name="amount" label={t('实收金额（可选）', 'Amount received (optional)')}>
            <Input inputMode="decimal" placeholder={t('默认按商品价格', 'the price by default')} />
          </Form.Item>
          <Form.Item name="mode" label={t('模式', 'Mode')}>
            <Radio.Group
              options={[
                { value: 'live', label: t('正式', 'Live') },
                { value: 'test', label: t('测试', 'Test') },
              ]}
            />
          </Form.Item>
          <Form.Item
            name="note"
            label={t('原因与付款凭据（记入审计）', 'Why, and the reference of the payment (audited)')}
            rules={[{ required: true, message: t('请填写原因', 'Give a reason') }]}
          >
            <Input.TextArea rows={2} maxLength={500} />
          </Form.Item>
          {deliver.error && <ErrorPanel error={deliver.error} />}
          <Button type="primary" htmlType="submit" loading={deliver.isPending}>
            {t('发货', 'Deliver')}
          </Button>
        </Form>
      </Card>
    </Page>
  );
}
