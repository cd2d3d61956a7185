/** What a buyer must say for a top-up, and how it is checked. */
import { App, Button, Card, Form, Input } from 'antd';
import type { ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { ErrorPanel, Loaded } from './states.tsx';

type TopUp = NonNullable<Read<'/api/console/products/:sku/topup'>['topUp']>;

/** What shops ask for most. */
const usual: readonly TopUp[] = [
  { labelZh: '手机号', labelEn: 'Phone', pattern: '1[3-9][0-9]{9}', example: '13800138000' },
  { labelZh: 'QQ号', labelEn: 'QQ number', pattern: '[1-9][0-9]{4,10}', example: '10001' },
];

export function TopUpForm({ sku }: { readonly sku: string }): ReactNode {
  const read = useRead('/api/console/products/:sku/topup', { params: { sku } });
  return <Loaded of={read}>{({ topUp }) => <Fields sku={sku} topUp={topUp} />}</Loaded>;
}

function Fields({ sku, topUp }: { readonly sku: string; readonly topUp: TopUp | null }): ReactNode {
  const t = useT();
  const may = useMay();
  const { message } = App.useApp();
  const [form] = Form.useForm<TopUp>();
  const save = useChange('put', '/api/console/products/:sku/topup');
  const must = [{ required: true, whitespace: true, message: t('请填写', 'Fill this in') }];
  return (
    <Card size="small" title={t('充值账号', 'The account that is topped up')}>
      <Form<TopUp>
        form={form}
        layout="vertical"
        requiredMark={false}
        disabled={!may('products.edit')}
        initialValues={topUp ?? usual[0] ?? {}}
        onFinish={(body) =>
          save.mutate({ params: { sku }, body }, { onSuccess: () => void message.success(t('已保存', 'Saved')) })
        }
      >
        <div className="row">
          {usual.map((preset) => (
            <Button key={preset.labelEn} size="small" onClick={() => form.setFieldsValue(preset)}>
              {t(preset.labelZh, preset.labelEn)}
            </Button>
          ))}
        </div>
        <div className="row">
          <Form.Item name="labelZh" label={t('名称（中文）', 'Name (Chinese)')} rules={must}>
            <Input maxLength={40} />
          </Form.Item>
          <Form.Item name="labelEn" label={t('名称（英文）', 'Name (English)')} rules={must}>
            <Input maxLength={40} />
          </Form.Item>
        </div>
        <Form.Item
          name="pattern"
          label={t('格式（正则，须匹配整个账号）', 'Pattern, for the whole account')}
          rules={must}
        >
          <Input className="mono" maxLength={200} spellCheck={false} />
        </Form.Item>
        <Form.Item name="example" label={t('示例', 'Example')}>
          <Input className="mono" maxLength={60} />
        </Form.Item>
        {save.error && <ErrorPanel error={save.error} />}
        <Button type="primary" htmlType="submit" loading={save.isPending}>
          {t('保存', 'Save')}
        </Button>
      </Form>
    </Card>
  );
}
