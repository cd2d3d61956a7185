/** 通知渠道: who is told of trouble and empty pools, with a test of each. */
import { App, Button, Form, Popconfirm, Segmented, Tag } from 'antd';
import type { ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n, useT } from '../i18n.tsx';
import { EditDrawer, useEditor, type Editor } from '../ui/edit-drawer.tsx';
import { Time } from '../ui/format.tsx';
import { EnabledItem, KindItem, NameItem } from '../ui/items.tsx';
import { Page } from '../ui/page.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { filled, SchemaFields } from '../ui/schema-form.tsx';
import { EmptyState, useErrorText } from '../ui/states.tsx';

type Data = Read<'/api/console/channels'>;
type Channel = Data['channels'][number];

export function ChannelsScreen(): ReactNode {
  const { t, say } = useI18n();
  const { message } = App.useApp();
  const errorText = useErrorText();
  const channels = useRead('/api/console/channels');
  const kinds = useRead('/api/console/channel-kinds');
  const test = useChange('post', '/api/console/channels/:id/test');
  const remove = useChange('delete', '/api/console/channels/:id');
  const editor = useEditor<Channel>();
  const kindName = (kind: string): string => {
    const found = kinds.data?.kinds.find((k) => k.kind === kind);
    return found ? say(found.name) : kind;
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
        <Button type="primary" onClick={editor.add}>
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
                <Button size="small" onClick={() => editor.edit(row)}>
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
      {kinds.data && <ChannelDrawer editor={editor} kinds={kinds.data.kinds} />}
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

function ChannelDrawer(props: {
  readonly editor: Editor<Channel>;
  readonly kinds: Read<'/api/console/channel-kinds'>['kinds'];
}): ReactNode {
  const t = useT();
  const { editor, kinds } = props;
  const create = useChange('post', '/api/console/channels');
  const update = useChange('put', '/api/console/channels/:id');
  return (
    <EditDrawer<Channel, Fields>
      of={editor}
      add={t('添加渠道', 'Add a channel')}
      fresh={{ kind: kinds[0]?.kind ?? '', audience: 'staff', enabled: true }}
      save={({ kind, config, ...rest }, channel) => {
        const body = { ...rest, config: filled(config) };
        return channel
          ? update.mutateAsync({ params: { id: channel.id }, body })
          : create.mutateAsync({ body: { ...body, kind } });
      }}
    >
      {({ thing, fields }) => (
        <>
          <KindItem
            name="kind"
            label={t('类型', 'Kind')}
            kinds={kinds.map(({ kind, name }) => ({ value: kind, name }))}
            fixed={thing !== undefined}
          />
          <NameItem max={60} />
          <SchemaFields fields={kinds.find((k) => k.kind === fields.kind)?.fields ?? []} kept={thing?.config ?? {}} />
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
          <EnabledItem />
        </>
      )}
    </EditDrawer>
  );
}
