/** 接口与回调: shops that order by the API, their keys, and where they are told of deliveries. */
import { App, Button, Card, Drawer, Form, Input, Popconfirm, Segmented, Tag, Typography } from 'antd';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { EditDrawer, useEditor } from '../ui/edit-drawer.tsx';
import { Time } from '../ui/format.tsx';
import { NameItem, SwitchItem } from '../ui/items.tsx';
import { Page } from '../ui/page.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { useSecret } from '../ui/secret.tsx';
import { EmptyState, ErrorPanel, Loaded, useErrorText } from '../ui/states.tsx';
import { TestTag } from '../ui/status.tsx';
import { Deliveries } from './webhook-deliveries.tsx';

type Data = Read<'/api/console/shops'>;
type Shop = Data['shops'][number];
type Key = Shop['keys'][number];

export function ShopsScreen(): ReactNode {
  const t = useT();
  const shops = useRead('/api/console/shops');
  const editor = useEditor<Shop>();
  const create = useChange('post', '/api/console/shops');
  return (
    <Page
      title={t('接口与回调', 'API and webhooks')}
      why={t(
        '您自己的店铺系统用接口密钥下单、查询；发货后按回调地址通知它。',
        'A shop system of your own orders with an API key, and is told of deliveries at its webhook.',
      )}
      actions={
        <Button type="primary" onClick={editor.add}>
          {t('添加店铺', 'Add a shop')}
        </Button>
      }
    >
      <Loaded of={shops}>
        {(data) =>
          data.shops.filter((shop) => !shop.own).length === 0 ? (
            <EmptyState
              what={t('还没有对接店铺', 'No shop is connected')}
              why={t(
                '只用商品链接销售不需要这里；要从自己的网站下单时再添加。',
                'Selling by product links needs none; add one when a site of your own is to order.',
              )}
              action={<Button onClick={editor.add}>{t('添加店铺', 'Add a shop')}</Button>}
            />
          ) : (
            data.shops.filter((shop) => !shop.own).map((shop) => <ShopCard key={shop.id} shop={shop} of={shops} />)
          )
        }
      </Loaded>
      <span className="mute">
        <a href="/api/v1/openapi.json" target="_blank" rel="noreferrer">
          {t('接口文档（OpenAPI）', 'Description of the API (OpenAPI)')}
        </a>
      </span>
      <EditDrawer<Shop, { name: string }>
        of={editor}
        add={t('添加店铺', 'Add a shop')}
        fresh={{ name: '' }}
        save={(body) => create.mutateAsync({ body })}
      >
        {() => <NameItem label={t('店铺名称', 'Name of the shop')} />}
      </EditDrawer>
    </Page>
  );
}

function ShopCard({
  shop,
  of,
}: {
  readonly shop: Shop;
  readonly of: ReturnType<typeof useRead<'/api/console/shops'>>;
}): ReactNode {
  const t = useT();
  const [adding, setAdding] = useState(false);
  return (
    <Card title={shop.name} extra={<Button onClick={() => setAdding(true)}>{t('创建密钥', 'Make a key')}</Button>}>
      <div className="stack">
        <ResourceTable<Data, Key>
          of={of}
          label={t(`${shop.name} 的接口密钥`, `API keys of ${shop.name}`)}
          rows={(data) => data.shops.find((s) => s.id === shop.id)?.keys ?? []}
          rowKey={(row) => row.id}
          empty={
            <EmptyState
              what={t('还没有密钥', 'No key yet')}
              why={t('创建后填入店铺系统。', 'Make one and enter it in your shop.')}
            />
          }
          columns={[
            { title: t('密钥', 'Key'), render: (row) => (<>{row.label || `#${row.id}`} <TestTag mode={row.mode} /></>) }, // prettier-ignore
            { title: t('权限', 'May'), render: (row) => row.scopes.map((s) => scopeName(s, t)).join('、') },
            { title: t('创建', 'Made'), render: (row) => <Time at={row.createdAt} /> },
            { title: t('最近使用', 'Last used'), render: (row) => row.lastUsedAt === null ? t('从未', 'never') : <Time at={row.lastUsedAt} /> }, // prettier-ignore
            {
              title: t('操作', 'Actions'),
              render: (row) => (row.revokedAt === null ? <Revoke apiKey={row} /> : <Tag>{t('已吊销', 'Revoked')}</Tag>),
            },
          ]}
        />
        <Webhook shop={shop} />
      </div>
      {adding && <KeyDrawer shop={shop} close={() => setAdding(false)} />}
    </Card>
  );
}

function scopeName(scope: string, t: (zh: string, en: string) => string): string {
  return { orders: t('下单和查询', 'orders'), catalog: t('管理商品和卡密', 'catalogue') }[scope] ?? scope;
}

function Revoke({ apiKey }: { readonly apiKey: Key }): ReactNode {
  const t = useT();
  const { message } = App.useApp();
  const errorText = useErrorText();
  const revoke = useChange('post', '/api/console/api-keys/:id/revoke');
  return (
    <Popconfirm
      title={t('吊销此密钥？', 'Revoke this key?')}
      description={t(
        '使用它的系统会立即无法下单，且不能恢复。',
        'What uses it cannot order any more, at once and for ever.',
      )}
      okButtonProps={{ danger: true }}
      onConfirm={() =>
        revoke.mutate(
          { params: { id: apiKey.id } },
          {
            onSuccess: () => void message.success(t('已吊销', 'Revoked')),
            onError: (error) => void message.error(errorText(error).cause),
          },
        )
      }
    >
      <Button size="small" danger>
        {t('吊销', 'Revoke')}
      </Button>
    </Popconfirm>
  );
}

interface KeyFields {
  readonly label: string;
  readonly mode: 'live' | 'test';
  readonly catalog: boolean;
}
function KeyDrawer({ shop, close }: { readonly shop: Shop; readonly close: () => void }): ReactNode {
  const t = useT();
  const secret = useSecret();
  const make = useChange('post', '/api/console/shops/:id/keys');
  const save = ({ label, mode, catalog }: KeyFields): void => {
    const scopes = catalog ? (['orders', 'catalog'] as const) : (['orders'] as const);
    make.mutate(
      { params: { id: shop.id }, body: { label, mode, scopes: [...scopes] } },
      {
        onSuccess: ({ apiKey }) => {
          close();
          secret(
            t('接口密钥', 'API key'),
            t('只显示这一次，请立即填入店铺系统。', 'It is shown once: enter it in your shop now.'),
            apiKey,
          );
        },
      },
    );
  };
  return (
    <Drawer
      open
      size={480}
      title={t(`创建密钥：${shop.name}`, `A key for ${shop.name}`)}
      onClose={close}
      destroyOnHidden
    >
      <Form<KeyFields>
        layout="vertical"
        requiredMark={false}
        onFinish={save}
        initialValues={{ label: '', mode: 'live', catalog: false }}
      >
        <Form.Item
          name="mode"
          label={t('模式', 'Mode')}
          extra={t('测试密钥只能下测试订单', 'A test key places test orders only')}
        >
          <Segmented
            options={[
              { value: 'live', label: t('正式', 'Live') },
              { value: 'test', label: t('测试', 'Test') },
            ]}
          />
        </Form.Item>
        <Form.Item name="label" label={t('备注（可选）', 'Note (optional)')}>
          <Input maxLength={80} placeholder={t('例如：官网服务器', 'e.g. the web server')} />
        </Form.Item>
        <SwitchItem
          name="catalog"
          label={t('允许管理商品和卡密', 'May manage products and keys')}
          help={t('只下单的店铺不需要', 'Not needed for ordering')}
        />
        {make.error && <ErrorPanel error={make.error} />}
        <Button type="primary" htmlType="submit" loading={make.isPending}>
          {t('创建', 'Make it')}
        </Button>
      </Form>
    </Drawer>
  );
}

function Webhook({ shop }: { readonly shop: Shop }): ReactNode {
  const t = useT();
  const { message, modal } = App.useApp();
  const errorText = useErrorText();
  const secret = useSecret();
  const write = useChange('put', '/api/console/shops/:id/webhook');
  const test = useChange('post', '/api/console/shops/:id/webhook/test');
  const [showing, setShowing] = useState(false);
  const params = { params: { id: shop.id } };
  const save = (url: string | null, newSecret = false): void =>
    write.mutate(
      { ...params, body: { url, newSecret } },
      {
        onSuccess: ({ webhookSecret }) => {
          if (webhookSecret === null) void message.success(t('已保存', 'Saved'));
          else
            secret(
              t('回调签名密钥', 'Secret of the webhook'),
              t(
                '只显示这一次，店铺用它验证通知（Standard Webhooks）。更换后 24 小时内新旧密钥同时签名，通知不会中断。',
                'Shown once: the shop verifies by it (Standard Webhooks). After a change both secrets sign for 24 hours.',
              ),
              webhookSecret,
            );
        },
      },
    );
  const tryIt = (): void =>
    test.mutate(params, {
      onSuccess: ({ taken, status, failure, ms }) => {
        if (taken) void message.success(t(`店铺已收到，${status} · ${ms} ms`, `The shop took it: ${status}, ${ms} ms`));
        else
          modal.error({
            title: t('店铺没有收到', 'The shop did not take it'),
            content:
              status === null
                ? failureName(failure ?? '', t)
                : t(`返回 HTTP ${status}，应为 2xx`, `It answered ${status} instead of 2xx`),
          });
      },
      onError: (error) => void message.error(errorText(error).cause),
    });
  return (
    <div className="stack">
      <Form<{ url?: string }>
        key={shop.webhookUrl}
        layout="vertical"
        requiredMark={false}
        initialValues={{ url: shop.webhookUrl ?? '' }}
        onFinish={({ url = '' }) => save(url.trim() === '' ? null : url.trim())}
      >
        <Form.Item
          name="url"
          label={t('发货回调地址', 'Webhook')}
          extra={t(
            '发货后通知：事件 order.delivered，含订单号和状态，不含卡密；失败会自动重试一天。',
            'Told of order.delivered: number and state, no goods; tried again for a day.',
          )}
          rules={[{ type: 'url', message: t('请输入完整网址，如 https://…', 'A whole address, https://…') }]}
        >
          <Input maxLength={500} placeholder="https://" autoComplete="off" spellCheck={false} />
        </Form.Item>
        {write.error && <ErrorPanel error={write.error} />}
        <div className="row">
          <Button htmlType="submit" loading={write.isPending}>
            {t('保存回调', 'Save the webhook')}
          </Button>
          {shop.webhookUrl !== null && (
            <>
              <Button loading={test.isPending} onClick={tryIt}>
                {t('测试发送', 'Test')}
              </Button>
              <Popconfirm
                title={t('更换签名密钥？', 'A new secret?')}
                description={t(
                  '旧密钥立即失效，请随后更新店铺系统。',
                  'The old one ends at once; enter the new one in your shop.',
                )}
                onConfirm={() => save(shop.webhookUrl, true)}
              >
                <Button>{t('更换签名密钥', 'New secret')}</Button>
              </Popconfirm>
              <Button onClick={() => setShowing(true)}>{t('回调记录', 'Deliveries')}</Button>
            </>
          )}
        </div>
      </Form>
      {shop.webhookUrl === null && (
        <Typography.Text type="secondary">
          {t('未设置：店铺需自行查询订单状态。', 'None: the shop asks for the state itself.')}
        </Typography.Text>
      )}
      {showing && <Deliveries shopId={shop.id} close={() => setShowing(false)} />}
    </div>
  );
}

function failureName(code: string, t: (zh: string, en: string) => string): string {
  const names: Record<string, string> = {
    BAD_URL: t('网址不正确', 'The address is malformed'),
    INSECURE: t('必须使用 https', 'It must be https'),
    BLOCKED_ADDRESS: t('地址指向内网，已阻止', 'It leads into a private network and is refused'),
    CONNECT: t('无法连接，请检查域名、端口与防火墙', 'No connection: check name, port and firewall'),
    TIMEOUT: t('对方超时未应答', 'No answer in time'),
    REDIRECT: t('对方跳转到了别的网址，请填写最终地址', 'It redirects: enter the final address'),
    TOO_LARGE: t('应答过大', 'The answer is too large'),
    BROKEN: t('连接中断', 'The connection broke'),
  };
  return names[code] ?? code;
}
