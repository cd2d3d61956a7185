/** The link of a product: an address, or a file in an object store; as it is, or through our door. */
import { Alert, App, Button, Card, Form, Input, InputNumber, Segmented, Select } from 'antd';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { ErrorPanel, Loaded } from './states.tsx';

type Stored = Read<'/api/console/products/:sku/link'>['link'];
type Mode = 'live' | 'test';
interface Fields {
  readonly how: 'plain' | 'signed' | 'store';
  readonly address?: string;
  readonly storeId?: number;
  readonly validMinutes?: number | null;
  readonly maxDownloads?: number | null;
}

export function LinkForm({ sku }: { readonly sku: string }): ReactNode {
  const t = useT();
  const [mode, setMode] = useState<Mode>('live');
  const read = useRead('/api/console/products/:sku/link', { params: { sku }, query: { mode } });
  const stores = useRead('/api/console/object-stores');
  return (
    <Card
      size="small"
      title={t('下载链接', 'Link')}
      extra={
        <Segmented<Mode>
          value={mode}
          onChange={setMode}
          options={[
            { value: 'live', label: t('正式', 'Live') },
            { value: 'test', label: t('测试', 'Test') },
          ]}
        />
      }
    >
      <Loaded of={read}>
        {({ link }) => (
          <LinkFields key={mode} sku={sku} mode={mode} link={link} stores={(stores.data?.stores ?? []).filter((s) => s.mode === mode)} />
        )}
      </Loaded>
    </Card>
  );
} // prettier-ignore

function LinkFields(props: {
  readonly sku: string;
  readonly mode: Mode;
  readonly link: Stored;
  readonly stores: Read<'/api/console/object-stores'>['stores'];
}): ReactNode {
  const { sku, mode, link, stores } = props;
  const t = useT();
  const may = useMay();
  const { message } = App.useApp();
  const [form] = Form.useForm<Fields>();
  const save = useChange('put', '/api/console/products/:sku/link');
  const was: Fields['how'] = !link ? 'plain' : link.storeId !== null ? 'store' : link.signed ? 'signed' : 'plain';
  const how = (Form.useWatch('how', form) as Fields['how'] | undefined) ?? was;
  const submit = (f: Fields): void => {
    const body = {
      mode,
      signed: how !== 'plain',
      storeId: how === 'store' ? (f.storeId ?? null) : null,
      validMinutes: how === 'plain' ? null : (f.validMinutes ?? null),
      maxDownloads: how === 'plain' ? null : (f.maxDownloads ?? null),
      ...(f.address && { address: f.address.trim() }),
    };
    save.mutate({ params: { sku }, body }, { onSuccess: () => void message.success(t('已保存', 'Saved')) });
  };
  const hints = {
    plain: t('买家直接得到该地址，可以转发。', 'The buyer gets the address itself and may pass it on.'),
    signed: t('买家得到本店的链接，按次数和有效期控制，再跳转到该地址。', 'The buyer gets a link of ours, which counts and expires, and leads on.'),
    store: t('同上；每次下载临时签名，签名地址 5 分钟后失效。', 'Likewise; each download is signed anew, and that address is good for 5 minutes.'),
  };
  return (
    <Form<Fields>
      form={form}
      layout="vertical"
      requiredMark={false}
      disabled={!may('products.edit')}
      onFinish={submit}
      initialValues={{ how: was, storeId: link?.storeId ?? stores[0]?.id, validMinutes: link?.validMinutes ?? (link ? null : 10_080), maxDownloads: link?.maxDownloads ?? (link ? null : 5) }}
    >
      {link && <Alert type="success" showIcon style={{ marginBottom: 16 }} title={t(`已设置：${link.host}`, `Set: ${link.host}`)} />}
      <Form.Item name="how" label={t('方式', 'How')} extra={hints[how]}>
        <Segmented options={[{ value: 'plain', label: t('直接给地址', 'Plain') }, { value: 'signed', label: t('限时限次', 'Expires and counts') }, { value: 'store', label: t('对象存储文件', 'File in a store') }]} />
      </Form.Item>
      {how === 'store' && (
        <Form.Item name="storeId" label={t('对象存储', 'Object store')} rules={[{ required: true, message: t('请选择', 'Choose one') }]} extra={<Link to="/stores">{t('管理对象存储', 'Object stores')}</Link>}>
          <Select options={stores.map((s) => ({ value: s.id, label: s.name }))} notFoundContent={t('还没有对象存储', 'None yet')} />
        </Form.Item>
      )}
      <Form.Item
        name="address"
        label={how === 'store' ? t('文件名（对象键）', 'Name of the object') : t('地址（https）', 'Address (https)')}
        rules={[{ required: !link || how !== was, message: t('请填写', 'Fill this in') }]}
      >
        <Input className="mono" maxLength={2000} autoComplete="off" spellCheck={false} placeholder={link && how === was ? t('留空则不变', 'left empty it stays') : how === 'store' ? 'packs/setup.zip' : 'https://'} />
      </Form.Item>
      {how !== 'plain' && (
        <div className="row">
          <Form.Item name="validMinutes" label={t('有效期（分钟，自发货起）', 'Valid for (minutes from delivery)')}>
            <InputNumber min={1} max={5_256_000} precision={0} placeholder={t('长期', 'for ever')} />
          </Form.Item>
          <Form.Item name="maxDownloads" label={t('最多下载次数', 'Downloads at most')}>
            <InputNumber min={1} max={100_000} precision={0} placeholder={t('不限', 'any number')} />
          </Form.Item>
        </div>
      )}
      {save.error && <ErrorPanel error={save.error} />}
      <Button type="primary" htmlType="submit" loading={save.isPending}>
        {t('保存', 'Save')}
      </Button>
    </Form>
  );
} // prettier-ignore
