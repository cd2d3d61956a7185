/** 通知渠道: who is told of trouble and empty pools, with a test of each. */
import { App, Button, Drawer, Form, Input, Popconfirm, Segmented, Select, Switch, Tag } from 'antd';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n, useT } from '../i18n.tsx';
import { Time } from '../ui/format.tsx';
import { Page } from '../ui/page.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { filled, SchemaFields } from '../ui/schema-form.tsx';
import { EmptyState, ErrorPanel, useErrorText } from '../ui/states.tsx';

type Data = Read<'/api/console/channels'>;
type Channel = Data['channels'][number];

export function ChannelsScreen(): ReactNode {
  const { t, language } = useI18n();
  const { message } = App.useApp();
  const errorText = useErrorText();
  const channels = useRead('/api/console/channels');
  const kinds = useRead('/api/console/channel-kinds');
  const test = useChange('post', '/api/console/channels/:id/test');
  const remove = useChange('delete', '/api/console/channels/:id');
  const [editing, setEditing] = useState<Channel | 'new'>();
  const kindName = (kind: string): string => {
    const found = kinds.data?.kinds.find((k) => k.kind === kind);
    return found ? (language === 'en' ? found.name.en : found.name.zh) : kind;
  };
  const report = (error: unknown): void => {
    const text = errorText(error);
    void message.error(`${text.cause}。${text.detail || text.next}`);
  };
  return (
    <Page
      title={t('通知渠道', 'Channels')}
      why={t('发货失败、缺货和升级提醒会发到这里。', 'Failures, empty pools and escalations are told here.')}
      actions={
        <Button type="primary" onClick={() => setEditing('new')}>
          {t('添加渠道', 'Add a channel')}
        </Button>
      }
    >
      <ResourceTable<Data, Channel>
        of={channels}
        label={t('通知渠道', 'Channels')}
        rows={(data) => data.channels}
        rowKey={(row) => row.id}
        empty={
          <EmptyState
            what={t('还没有通知渠道', 'No channels yet')}
            why={t('添加后，问题会第一时间通知到人。', 'Add one, so that people hear of trouble at once.')}
          />
        }
        columns={[
          { title: t('名称', 'Name'), render: (row) => row.name },
          { title: t('类型', 'Kind'), render: (row) => <Tag>{kindName(row.kind)}</Tag> },
          {
            title: t('对象', 'For'),
            render: (row) => (row.audience === 'owner' ? t('店主', 'Owner') : t('客服', 'Staff')),
          },
          { title: t('状态', 'State'), render: (row) => <Health channel={row} /> },
          { title: t('最近成功', 'Last sent'), render: (row) => <Time at={row.health.lastOkAt} /> },
          {
            title: t('操作', 'Actions'),
            render: (row) => (
              <span className="row">
                <Button
                  size="small"
                  loading={test.isPending && test.variables.params?.id === row.id}
                  onClick={() =>
                    test.mutate(
                      { params: { id: row.id } },
                      {
                        onSuccess: () => void message.success(t('测试消息已发送', 'The test message is sent')),
                        onError: report,
                      },
                    )
                  }
                >
                  {t('测试发送', 'Test')}
                </Button>
                <Button size="small" onClick={() => setEditing(row)}>
                  {t('编辑', 'Edit')}
                </Button>
                <Popconfirm
                  title={t('删除此渠道？', 'Remove this channel?')}
                  onConfirm={() => remove.mutate({ params: { id: row.id } }, { onError: report })}
                >
                  <Button size="small" danger>
                    {t('删除', 'Remove')}
                  </Button>
                </Popconfirm>
              </span>
            ),
          },
        ]}
      />
      {editing !== undefined && kinds.data && (
        <Drawer
          open
          size={560}
          title={editing === 'new' ? t('添加渠道', 'Add a channel') : editing.name}
          onClose={() => setEditing(undefined)}
          destroyOnHidden
        >
          <ChannelForm
            channel={editing === 'new' ? undefined : editing}
            kinds={kinds.data.kinds}
            done={() => setEditing(undefined)}
          />
        </Drawer>
      )}
    </Page>
  );
}

function Health({ channel }: { readonly channel: Channel }): ReactNode {
  const t = useT();
  const { state, failures, lastFailure } = channel.health;
  if (state === 'off') return <Tag>{t('已停用', 'Off')}</Tag>;
  if (state === 'failing')
    return (
      <Tag color="red">
        {t(`连续失败 ${failures} 次：${lastFailure ?? ''}`, `failed ${failures} times: ${lastFailure ?? ''}`)}
      </Tag>
    );
  return state === 'well' ? <Tag color="green">{t('正常', 'Well')}</Tag> : <Tag>{t('尚未使用', 'Not used yet')}</Tag>;
}

interface Fields {
  readonly kind: string;
  readonly name: string;
  readonly audience: 'staff' | 'owner';
  readonly enabled: boolean;
  readonly config?: Record<string, string | undefined>;
}

function ChannelForm(props: {
  readonly channel: Channel | undefined;
  readonly kinds: Read<'/api/console/channel-kinds'>['kinds'];
  readonly done: () => void;
}): ReactNode {
  const { t, language } = useI18n();
  const { channel, kinds } = props;
  const [form] = Form.useForm<Fields>();
  const watched = Form.useWatch([], form) as Partial<Fields> | undefined;
  const kind = watched?.kind ?? channel?.kind ?? kinds[0]?.kind ?? '';
  const create = useChange('post', '/api/console/channels');
  const update = useChange('put', '/api/console/channels/:id');
  const save = ({ kind: chosen, config, ...rest }: Fields): void => {
    const body = { ...rest, config: filled(config) };
    if (channel) update.mutate({ params: { id: channel.id }, body }, { onSuccess: props.done });
    else create.mutate({ body: { ...body, kind: chosen } }, { onSuccess: props.done });
  };
  const error = create.error ?? update.error;
  return (
    <Form<Fields>
      form={form}
      layout="vertical"
      requiredMark={false}
      onFinish={save}
      initialValues={channel ?? { kind, audience: 'staff', enabled: true }}
    >
      <Form.Item name="kind" label={t('类型', 'Kind')} hidden={channel !== undefined}>
        <Select options={kinds.map((k) => ({ value: k.kind, label: language === 'en' ? k.name.en : k.name.zh }))} />
      </Form.Item>
      <Form.Item
        name="name"
        label={t('名称', 'Name')}
        rules={[{ required: true, message: t('请填写名称', 'Give it a name') }]}
      >
        <Input maxLength={60} />
      </Form.Item>
      <SchemaFields fields={kinds.find((k) => k.kind === kind)?.fields ?? []} kept={channel?.config ?? {}} />
      <Form.Item
        name="audience"
        label={t('通知对象', 'For')}
        extra={t('店主渠道还会收到升级提醒', 'The owner also hears escalations')}
      >
        <Segmented
          options={[
            { value: 'staff', label: t('客服', 'Staff') },
            { value: 'owner', label: t('店主', 'Owner') },
          ]}
        />
      </Form.Item>
      <Form.Item name="enabled" label={t('启用', 'On')} valuePropName="checked">
        <Switch />
      </Form.Item>
      {error && <ErrorPanel error={error} />}
      <Button type="primary" htmlType="submit" loading={create.isPending || update.isPending}>
        {t('保存', 'Save')}
      </Button>
    </Form>
  );
}
