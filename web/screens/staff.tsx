/** Staff and their rights. */
import { App, Button, Checkbox, Form, Input, Modal, Popconfirm, Segmented, Switch, Tag, Typography } from 'antd';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT, type Translate } from '../i18n.tsx';
import type { Right } from '../shell/session.ts';
import { Time } from '../ui/format.tsx';
import { Page } from '../ui/page.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState, ErrorPanel, useErrorText } from '../ui/states.tsx';
import { StaffSessions } from './staff-sessions.tsx';

type Person = Read<'/api/console/staff'>['staff'][number];
type Role = Person['role'];

export function roleName(role: Role, t: Translate): string {
  const names: Record<Role, string> = {
    owner: t('店主', 'Owner'),
    support: t('客服', 'Support'),
    warehouse: t('仓管', 'Stock keeper'),
    viewer: t('只读', 'Viewer'),
    custom: t('自定义', 'Custom'),
  };
  return names[role];
}

function rightNames(t: Translate): Record<Right, string> {
  return {
    'orders.read': t('查看订单', 'See orders'),
    'orders.act': t('处理订单（重试、手动发货、关闭）', 'Act on orders (retry, deliver, close)'),
    'orders.refund': t('退款', 'Refund'),
    'payments.read': t('查看收款', 'See payments'),
    'payments.confirm': t('确认收款', 'Confirm payments'),
    'payments.configure': t('设置收款账户', 'Configure payment accounts'),
    'products.read': t('查看商品', 'See products'),
    'products.edit': t('编辑商品和模板', 'Edit products and templates'),
    'cards.import': t('导入卡密', 'Import keys'),
    'cards.reveal': t('查看卡密明文', 'Reveal a key'),
    'cards.export': t('批量导出卡密', 'Export keys'),
    'costs.read': t('查看成本', 'See costs'),
    'suppliers.read': t('查看供应商', 'See suppliers'),
    'suppliers.configure': t('设置供应商', 'Configure suppliers'),
    'rules.edit': t('编辑异常规则', 'Edit exception rules'),
    'settings.edit': t('修改设置和通知渠道', 'Change settings and channels'),
    'shops.manage': t('管理店铺接口密钥', 'Manage API keys of shops'),
    'stats.read': t('查看统计', 'See statistics'),
    'audit.read': t('查看审计', 'See the audit log'),
    'staff.manage': t('管理员工', 'Manage staff'),
    ops: t('运维页面（流程界面、解码）', 'Operations pages (workflow UI, codec)'),
  };
}

export function StaffScreen(): ReactNode {
  const t = useT();
  const { modal } = App.useApp();
  const staff = useRead('/api/console/staff');
  const [editing, setEditing] = useState<Person | 'new'>();
  const link = useChange('post', '/api/console/staff/:id/link');
  const [watching, setWatching] = useState<Person>();

  const showLink = (url: string): void => {
    modal.success({
      title: t('一次性设置链接', 'One-time link'),
      content: (
        <>
          <p>
            {t(
              '请私下发给本人，72 小时内有效，只能使用一次。关闭后不再显示。',
              'Give it to the person privately: valid for 72 hours, once, and not shown again.',
            )}
          </p>
          <Typography.Text copyable className="mono">
            {url}
          </Typography.Text>
        </>
      ),
    });
  };

  return (
    <Page
      title={t('员工与权限', 'Staff')}
      why={t(
        '每个人用自己的账号，操作记录才说得清。',
        'Everybody has an account of their own, so that the log says who did what.',
      )}
      actions={
        <Button type="primary" onClick={() => setEditing('new')}>
          {t('新增员工', 'Add a person')}
        </Button>
      }
    >
      {link.error && <ErrorPanel error={link.error} />}
      <ResourceTable<Read<'/api/console/staff'>, Person>
        of={staff}
        label={t('员工', 'Staff')}
        rows={(data) => data.staff}
        rowKey={(row) => row.id}
        empty={<EmptyState what={t('还没有员工', 'Nobody here')} />}
        columns={[
          {
            title: t('姓名', 'Name'),
            render: (row) => (
              <>
                {row.name} <span className="mute">{row.login}</span>
              </>
            ),
          },
          { title: t('角色', 'Role'), render: (row) => <Tag>{roleName(row.role, t)}</Tag> },
          {
            title: t('状态', 'State'),
            render: (row) =>
              row.disabled ? (
                <Tag color="red">{t('已停用', 'Disabled')}</Tag>
              ) : row.ready ? (
                <Tag color="green">{t('正常', 'Active')}</Tag>
              ) : (
                <Tag color="orange">{t('待设置密码', 'Invited')}</Tag>
              ),
          },
          {
            title: t('两步验证', 'Second factor'),
            render: (row) => (row.totp ? t('已开启', 'On') : t('未开启', 'Off')),
          },
          { title: t('最近登录', 'Last sign-in'), render: (row) => <Time at={row.lastLoginAt} /> },
          {
            title: t('会话', 'Sessions'),
            align: 'right',
            render: (row) => (
              <Button type="link" size="small" onClick={() => setWatching(row)}>
                {row.sessions}
              </Button>
            ),
          },
          {
            title: t('操作', 'Actions'),
            render: (row) => (
              <span className="row">
                <Button size="small" onClick={() => setEditing(row)}>
                  {t('权限', 'Rights')}
                </Button>
                <Popconfirm
                  title={t('生成新的设置链接？', 'Make a new link?')}
                  description={t('本人可用它重设密码', 'It sets a new password')}
                  onConfirm={() =>
                    link.mutate({ params: { id: row.id }, body: {} }, { onSuccess: (data) => showLink(data.link) })
                  }
                >
                  <Button size="small">{t('设置链接', 'Link')}</Button>
                </Popconfirm>
                <Popconfirm
                  title={t('手机丢失？将同时关闭两步验证', 'Phone lost? This also switches the second factor off')}
                  onConfirm={() =>
                    link.mutate(
                      { params: { id: row.id }, body: { resetTotp: true } },
                      { onSuccess: (data) => showLink(data.link) },
                    )
                  }
                >
                  <Button size="small" disabled={!row.totp}>
                    {t('重置两步验证', 'Reset 2FA')}
                  </Button>
                </Popconfirm>
              </span>
            ),
          },
        ]}
      />
      {watching && <StaffSessions id={watching.id} name={watching.name} close={() => setWatching(undefined)} />}
      {editing !== undefined && <PersonModal person={editing} close={() => setEditing(undefined)} onLink={showLink} />}
    </Page>
  );
}

interface Fields {
  readonly login: string;
  readonly name: string;
  readonly role: Role;
  readonly rights?: Right[];
  readonly disabled?: boolean;
}

function PersonModal(props: {
  readonly person: Person | 'new';
  readonly close: () => void;
  readonly onLink: (url: string) => void;
}): ReactNode {
  const t = useT();
  const { message } = App.useApp();
  const errorText = useErrorText();
  const [form] = Form.useForm<Fields>();
  const create = useChange('post', '/api/console/staff');
  const change = useChange('put', '/api/console/staff/:id');
  const old = props.person === 'new' ? undefined : props.person;
  const role = Form.useWatch('role', form);
  const save = ({ login, name, role: wanted, rights = [], disabled = false }: Fields): void => {
    const body = { name, role: wanted, rights: wanted === 'custom' ? rights : [] };
    const onError = (error: unknown): void => void message.error(errorText(error).cause);
    if (old)
      change.mutate({ params: { id: old.id }, body: { ...body, disabled } }, { onSuccess: props.close, onError });
    else {
      create.mutate(
        { body: { ...body, login } },
        {
          onError,
          onSuccess: (data) => {
            props.close();
            props.onLink(data.link);
          },
        },
      );
    }
  };
  return (
    <Modal
      open
      title={old ? t('修改员工', 'Change a person') : t('新增员工', 'Add a person')}
      onCancel={props.close}
      onOk={() => form.submit()}
      confirmLoading={create.isPending || change.isPending}
      destroyOnHidden
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={save}
        initialValues={old ?? { role: 'support' satisfies Role }}
      >
        <Form.Item
          name="login"
          label={t('账号', 'Login')}
          hidden={old !== undefined}
          rules={[{ required: true, min: 2 }]}
        >
          <Input autoComplete="off" />
        </Form.Item>
        <Form.Item name="name" label={t('姓名', 'Name')} rules={[{ required: true }]}>
          <Input maxLength={40} autoComplete="off" />
        </Form.Item>
        <Form.Item name="role" label={t('角色', 'Role')}>
          <Segmented
            options={(['owner', 'support', 'warehouse', 'viewer', 'custom'] as const).map((value) => ({
              value,
              label: roleName(value, t),
            }))}
          />
        </Form.Item>
        {role === 'custom' && (
          <Form.Item name="rights" label={t('权限', 'Rights')}>
            <Checkbox.Group
              options={Object.entries(rightNames(t)).map(([value, label]) => ({ value, label }))}
              style={{ display: 'grid', gap: 4 }}
            />
          </Form.Item>
        )}
        {old && (
          <Form.Item
            name="disabled"
            label={t('停用账号', 'Disable the account')}
            valuePropName="checked"
            extra={t('立即退出所有设备', 'All sessions end at once')}
          >
            <Switch />
          </Form.Item>
        )}
      </Form>
    </Modal>
  );
}
