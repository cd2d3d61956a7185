/** A product in four steps, with what the buyer will see beside them. */
import { Alert, Button, Card, Form, Input, InputNumber, Segmented, Select, Tabs } from 'antd';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n } from '../i18n.tsx';
import { BuyerPreview } from '../ui/buyer-preview.tsx';
import { parseMoney } from '../ui/format.tsx';
import { deliveryFields, DeliveryItems, deliveryOf, type DeliveryFields } from '../ui/product-delivery.tsx';
import { ErrorPanel, Loaded } from '../ui/states.tsx';
import { kindName, saleName, type Product } from '../ui/product.ts';

interface Fields extends DeliveryFields {
  readonly name: string;
  readonly sku: string;
  readonly price: string;
  readonly currency: string;
  readonly kind: Product['kind'];
  readonly state: Product['state'];
  readonly minQuantity: number;
  readonly maxQuantity: number;
  readonly buyerLimit: number | null;
  readonly stockLimit: number | null;
  readonly warnBelow: number | null;
  readonly holdMinutes: number | null;
  readonly promiseSeconds: number | null;
  readonly tags: string[];
  readonly note: string;
  readonly templateId: number | null;
  readonly instructions: string;
}

type Delivery = Read<'/api/console/products/:sku/delivery'>;

const plainPrice = (minor: number): string => (minor % 100 === 0 ? String(minor / 100) : (minor / 100).toFixed(2));

function initial(product: Product | undefined, delivery: Delivery | undefined): Partial<Fields> {
  const own = deliveryFields(product, delivery);
  if (!product)
    return {
      ...own,
      currency: 'CNY',
      kind: 'card',
      state: 'on_sale',
      minQuantity: 1,
      maxQuantity: 1000,
      tags: [],
      note: '',
    };
  return {
    ...own,
    ...product,
    partLabels: [...product.partLabels],
    price: plainPrice(product.priceMinor),
    instructions: product.texts['zh-CN']?.instructions ?? '',
  };
}

function without<T extends object, K extends keyof T & string>(value: T, keys: readonly K[]): Omit<T, K> {
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => !(keys as readonly string[]).includes(key)),
  ) as Omit<T, K>;
}

interface Props {
  readonly product: Product | undefined;
  readonly done: () => void;
}

export function ProductForm({ product, done }: Props): ReactNode {
  const sku = product?.sku ?? '';
  const delivery = useRead(
    '/api/console/products/:sku/delivery',
    { params: { sku } },
    { enabled: product !== undefined },
  );
  if (!product) return <ProductFields product={undefined} done={done} delivery={undefined} />;
  return <Loaded of={delivery}>{(data) => <ProductFields product={product} done={done} delivery={data} />}</Loaded>;
}

function ProductFields({ product, done, delivery }: Props & { readonly delivery: Delivery | undefined }): ReactNode {
  const { t, language } = useI18n();
  const [form] = Form.useForm<Fields>();
  const watched = Form.useWatch([], form) as Partial<Fields> | undefined;
  const { name = '', price = '', kind = 'card', instructions = '', currency = 'CNY', cardUse = 'single', partLabels = [], ownRetries = false } = watched ?? {}; // prettier-ignore
  const [checked, setChecked] = useState<{
    problems: { field: string; zh: string; en: string }[];
    suggestion: string | null;
  }>();
  const check = useChange('post', '/api/console/products/check-name');
  const create = useChange('post', '/api/console/products');
  const edit = useChange('put', '/api/console/products/:id');
  const save = (f: Fields): void => {
    const { price: typed, instructions: words } = f;
    const rest = without(f, ['price', 'instructions', 'ownRetries', 'retries', 'minutes', 'when']);
    const wanted = deliveryOf(f, delivery);
    const priceMinor = parseMoney(typed, f.currency) ?? 0;
    const old = product?.texts ?? {};
    const others = Object.fromEntries(Object.entries(old['zh-CN'] ?? {}).filter(([field]) => field !== 'instructions'));
    const texts = { ...old, 'zh-CN': words ? { ...others, instructions: words } : others };
    const base = {
      priceMinor,
      texts,
      policy: wanted.policy,
    };
    const body = {
      ...base,
      ...rest,
      buyerLimit: rest.buyerLimit ?? null,
      stockLimit: rest.stockLimit ?? null,
      warnBelow: rest.warnBelow ?? null,
      holdMinutes: rest.holdMinutes ?? null,
      promiseSeconds: rest.promiseSeconds ?? null,
      templateId: rest.templateId ?? null,
    };
    // The trigger is a fact of its own beside the product; most products have none.
    const finish = (saved: Product): void => {
      if (JSON.stringify(wanted.trigger) === JSON.stringify(delivery?.trigger ?? null)) done();
      else deliver.mutate({ params: { sku: saved.sku }, body: wanted }, { onSuccess: done });
    };
    if (product)
      edit.mutate({ params: { id: product.id }, body: { ...body, version: product.version } }, { onSuccess: finish });
    else create.mutate({ body }, { onSuccess: finish });
  };
  const deliver = useChange('put', '/api/console/products/:sku/delivery');
  const error = create.error ?? edit.error ?? deliver.error;
  const pricePattern = (_: unknown, value?: string): Promise<void> => {
    const minor = value === undefined ? undefined : parseMoney(value, 'CNY');
    return minor !== undefined && minor > 0
      ? Promise.resolve()
      : Promise.reject(new Error(t('请输入价格，例如 9.90', 'A price, like 9.90')));
  };
  return (
    <Form<Fields>
      form={form}
      layout="vertical"
      requiredMark={false}
      onFinish={save}
      initialValues={initial(product, delivery)}
      scrollToFirstError
    >
      <Tabs
        items={[
          {
            key: 'basic',
            label: t('① 基本', '① Basics'),
            forceRender: true,
            children: (
              <>
                <Form.Item
                  name="name"
                  label={t('商品名称', 'Name')}
                  extra={t(
                    '建议格式：类型-面额-有效期，例如 游戏点卡-腾讯QQ-100元-365天',
                    'Advised: type-face value-validity',
                  )}
                  rules={[{ required: true, message: t('请填写商品名称', 'Give it a name') }]}
                >
                  <Input
                    maxLength={120}
                    autoFocus
                    onBlur={() => name.includes('-') && check.mutate({ body: { name } }, { onSuccess: setChecked })}
                  />
                </Form.Item>
                {checked && checked.problems.length > 0 && (
                  <Alert
                    type="warning"
                    style={{ marginBottom: 16 }}
                    title={checked.problems.map((p) => (language === 'en' ? p.en : p.zh)).join('；')}
                    action={
                      checked.suggestion !== null && (
                        <Button
                          size="small"
                          onClick={() => {
                            form.setFieldValue('name', checked.suggestion);
                            setChecked(undefined);
                          }}
                        >
                          {t(`改为 ${checked.suggestion}`, `Use ${checked.suggestion}`)}
                        </Button>
                      )
                    }
                  />
                )}
                <Form.Item
                  name="sku"
                  label={t('商品编码（SKU）', 'SKU')}
                  extra={t(
                    '导入卡密和接口下单时使用，字母、数字、. _ -',
                    'For imports and the API: letters, digits, . _ -',
                  )}
                  rules={[
                    {
                      required: true,
                      pattern: /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u,
                      message: t('1–64 个字母、数字或 . _ -', '1–64 letters, digits, . _ -'),
                    },
                  ]}
                >
                  <Input maxLength={64} />
                </Form.Item>
                <div className="row">
                  <Form.Item name="price" label={t('价格', 'Price')} rules={[{ validator: pricePattern }]}>
                    <Input inputMode="decimal" style={{ width: 140 }} />
                  </Form.Item>
                  <Form.Item name="currency" label={t('币种', 'Currency')}>
                    <Select style={{ width: 110 }} options={['CNY', 'USD', 'EUR', 'HKD'].map((value) => ({ value }))} />
                  </Form.Item>
                  <Form.Item name="state" label={t('状态', 'State')}>
                    <Segmented
                      options={(['on_sale', 'off_sale', 'draft'] as const).map((value) => ({
                        value,
                        label: saleName(value, t),
                      }))}
                    />
                  </Form.Item>
                </div>
              </>
            ),
          },
          {
            key: 'delivery',
            label: t('② 发货方式', '② Delivery'),
            forceRender: true,
            children: (
              <>
                <Form.Item name="kind" label={t('发货方式', 'Delivery')}>
                  <Segmented
                    disabled={product !== undefined}
                    options={(['card', 'link', 'supplier', 'topup', 'manual'] as const).map((value) => ({
                      value,
                      label: kindName(value, t),
                    }))}
                  />
                </Form.Item>
                <DeliveryItems kind={kind} own={ownRetries} />
                <div className="row">
                  <Form.Item name="minQuantity" label={t('最少购买', 'At least')}>
                    <InputNumber min={1} max={1000} precision={0} />
                  </Form.Item>
                  <Form.Item name="maxQuantity" label={t('最多购买', 'At most')}>
                    <InputNumber min={1} max={1000} precision={0} />
                  </Form.Item>
                  <Form.Item name="buyerLimit" label={t('每人限购', 'Per buyer')}>
                    <InputNumber min={1} precision={0} placeholder={t('不限', 'no limit')} />
                  </Form.Item>
                </div>
              </>
            ),
          },
          {
            key: 'stock',
            label: t('③ 库存', '③ Stock'),
            forceRender: true,
            children: (
              <div className="row">
                <Form.Item name="stockLimit" label={t('库存上限', 'Stock limit')}>
                  <InputNumber min={1} precision={0} placeholder={t('不限', 'no limit')} />
                </Form.Item>
                <Form.Item name="warnBelow" label={t('低于此数预警', 'Warn below')}>
                  <InputNumber min={0} precision={0} placeholder={t('默认 10', '10 by default')} />
                </Form.Item>
                <Form.Item name="holdMinutes" label={t('下单锁库存（分钟）', 'Hold at order (minutes)')}>
                  <InputNumber min={1} max={1440} precision={0} placeholder={t('不锁', 'off')} />
                </Form.Item>
              </div>
            ),
          },
          {
            key: 'texts',
            label: t('④ 说明', '④ Words'),
            forceRender: true,
            children: (
              <>
                <TemplateItem />
                <Form.Item
                  name="instructions"
                  label={t('使用说明（买家随卡密看到）', 'Instructions (beside the goods)')}
                >
                  <Input.TextArea rows={4} maxLength={8000} />
                </Form.Item>
                <Form.Item name="tags" label={t('标签', 'Tags')}>
                  <Select mode="tags" open={false} suffix={null} />
                </Form.Item>
                <Form.Item name="note" label={t('内部备注', 'Note for staff')}>
                  <Input.TextArea rows={2} maxLength={2000} />
                </Form.Item>
              </>
            ),
          },
        ]}
      />
      <Card size="small" title={t('买家看到的', 'What the buyer sees')}>
        <BuyerPreview
          name={name}
          price={price}
          currency={currency}
          kind={kind}
          cardUse={cardUse}
          labels={partLabels}
          instructions={instructions}
        />
      </Card>
      <div className="stack" style={{ marginTop: 16 }}>
        {error && <ErrorPanel error={error} />}
        <Button type="primary" htmlType="submit" size="large" loading={create.isPending || edit.isPending}>
          {product ? t('保存', 'Save') : t('创建商品', 'Create')}
        </Button>
      </div>
    </Form>
  );
}

/** 发货模板 of the product; its own words below go over it. */
function TemplateItem(): ReactNode {
  const { t } = useI18n();
  const templates = useRead('/api/console/templates');
  const items = templates.data?.items ?? [];
  return (
    <Form.Item
      name="templateId"
      label={t('发货模板', 'Template')}
      extra={t('下面填写的文字优先于模板', 'What is written below goes over the template')}
    >
      <Select
        allowClear
        placeholder={t('不使用模板', 'None')}
        options={items.filter((item) => !item.archived).map((item) => ({ value: item.id, label: item.name }))}
      />
    </Form.Item>
  );
}
