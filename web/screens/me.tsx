/** One's own account: password, second factor, sessions. */
import { Alert, App, Button, Card, Form, Input, Modal, Tag, Typography } from 'antd';
import { useState, type ReactNode } from 'react';
import { ask } from '../api/client.ts';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n, useT } from '../i18n.tsx';
import { useMe } from '../shell/session.ts';
import { Time } from '../ui/format.tsx';
import { Page } from '../ui/page.tsx';
import { Qr } from '../ui/qr.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState, ErrorPanel, useErrorText } from '../ui/states.tsx';

export function MeScreen(): ReactNode {
  const t = useT();
  const me = useMe();
  return (
    <Page title={t('我的账号', 'My account')} why={me && `${me.name} · ${me.login}`}>
      <div className="grid">
        <TotpCard />
        <PasswordCard />
      </div>
      <SessionsCard />
    </Page>
  );
}

function PasswordCard(): ReactNode {
  const t = useT();
  const { message } = App.useApp();
  const [form] = Form.useForm<{ current: string; next: string }>();
  const change = useChange('post', '/api/console/me/password');
  return (
    <Card title={t('修改密码', 'Change the password')}>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(body) =>
          change.mutate(
            { body },
            {
              onSuccess: () => {
                form.resetFields();
                void message.success(t('密码已修改，其他设备已退出', 'Changed; other devices are signed out'));
              },
            },
          )
        }
      >
        <Form.Item name="current" label={t('当前密码', 'Current password')} rules={[{ required: true }]}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Form.Item
          name="next"
          label={t('新密码（至少 10 个字符）', 'New password (at least 10 characters)')}
          rules={[{ required: true, min: 10 }]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        {change.error && <ErrorPanel error={change.error} />}
        <Button htmlType="submit" loading={change.isPending}>
          {t('修改', 'Change')}
        </Button>
      </Form>
    </Card>
  );
}

function TotpCard(): ReactNode {
  const t = useT();
  const me = useMe();
  const [open, setOpen] = useState(false);
  return (
    <Card
      title={t('两步验证', 'Two-step verification')}
      extra={me?.totp ? <Tag color="green">{t('已开启', 'On')}</Tag> : <Tag>{t('未开启', 'Off')}</Tag>}
    >
      <p>
        {t(
          '登录时除密码外还需要手机验证器中的 6 位数字。即使密码泄露，别人也无法登录。',
          'Signing in then takes six digits of an authenticator besides the password: a stolen password alone opens nothing.',
        )}
      </p>
      <Button type={me?.totp ? 'default' : 'primary'} onClick={() => setOpen(true)}>
        {me?.totp ? t('更换验证器', 'Replace the authenticator') : t('开启两步验证', 'Switch it on')}
      </Button>
      {open && <TotpModal close={() => setOpen(false)} />}
    </Card>
  );
}

function TotpModal({ close }: { readonly close: () => void }): ReactNode {
  const t = useT();
  const [begun, setBegun] = useState<{ secret: string; uri: string }>();
  const [codes, setCodes] = useState<readonly string[]>();
  const begin = useChange('post', '/api/console/me/totp');
  const confirm = useChange('post', '/api/console/me/totp/confirm');
  return (
    <Modal open title={t('开启两步验证', 'Two-step verification')} footer={null} onCancel={close} destroyOnHidden>
      {codes ? (
        <div className="stack">
          <Alert
            type="success"
            showIcon
            title={t(
              '已开启。请把恢复码保存到安全的地方，每个只能用一次。',
              'On. Keep these recovery codes safe; each works once.',
            )}
          />
          <Typography.Paragraph copyable={{ text: codes.join('\n') }} className="mono">
            {codes.map((code) => (
              <div key={code}>{code}</div>
            ))}
          </Typography.Paragraph>
          <Button type="primary" onClick={close}>
            {t('我已保存', 'I have saved them')}
          </Button>
        </div>
      ) : begun ? (
        <Form
          layout="vertical"
          requiredMark={false}
          onFinish={({ code }: { code: string }) =>
            confirm.mutate({ body: { code } }, { onSuccess: (data) => setCodes(data.recoveryCodes) })
          }
        >
          <p>
            {t(
              '用验证器扫描二维码（微信小程序「腾讯身份验证器」、Google Authenticator、Microsoft Authenticator 等）：',
              'Scan this with an authenticator:',
            )}
          </p>
          <Qr text={begun.uri} label={t('两步验证二维码', 'QR code of the second factor')} />
          <Typography.Paragraph copyable={{ text: begun.secret }} className="mono">
            {begun.secret}
          </Typography.Paragraph>
          <Form.Item
            name="code"
            label={t('输入显示的 6 位数字', 'The six digits it shows')}
            rules={[{ required: true }]}
          >
            <Input inputMode="numeric" autoComplete="one-time-code" autoFocus />
          </Form.Item>
          {confirm.error && <ErrorPanel error={confirm.error} />}
          <Button type="primary" htmlType="submit" loading={confirm.isPending}>
            {t('确认开启', 'Confirm')}
          </Button>
        </Form>
      ) : (
        <Form
          layout="vertical"
          requiredMark={false}
          onFinish={(body: { password: string }) => begin.mutate({ body }, { onSuccess: setBegun })}
        >
          <Form.Item
            name="password"
            label={t('请先输入当前密码', 'First your current password')}
            rules={[{ required: true }]}
          >
            <Input.Password autoComplete="current-password" autoFocus />
          </Form.Item>
          {begin.error && <ErrorPanel error={begin.error} />}
          <Button type="primary" htmlType="submit" loading={begin.isPending}>
            {t('下一步', 'Next')}
          </Button>
        </Form>
      )}
    </Modal>
  );
}

type Session = Read<'/api/console/me/sessions'>['sessions'][number];

function SessionsCard(): ReactNode {
  const t = useT();
  const { language } = useI18n();
  const { message } = App.useApp();
  const errorText = useErrorText();
  const sessions = useRead('/api/console/me/sessions');
  const end = async (id: number): Promise<void> => {
    try {
      await ask('delete', '/api/console/me/sessions/:id', { params: { id } });
      await sessions.refetch();
    } catch (error) {
      void message.error(errorText(error).cause);
    }
  };
  return (
    <Card title={t('已登录的设备', 'Signed-in devices')}>
      <ResourceTable<Read<'/api/console/me/sessions'>, Session>
        of={sessions}
        label={t('已登录的设备', 'Signed-in devices')}
        rows={(data) => data.sessions}
        rowKey={(row) => row.id}
        empty={<EmptyState what={t('没有会话', 'No sessions')} />}
        columns={[
          { title: t('设备', 'Device'), render: (row) => device(row.agent, language) },
          { title: t('地址', 'Address'), render: (row) => <span className="mono">{row.address}</span> },
          { title: t('登录时间', 'Since'), render: (row) => <Time at={row.createdAt} /> },
          { title: t('最近活动', 'Last seen'), render: (row) => <Time at={row.seenAt} /> },
          {
            title: t('操作', 'Action'),
            render: (row) =>
              row.current ? (
                <Tag color="green">{t('当前设备', 'This one')}</Tag>
              ) : (
                <Button size="small" onClick={() => void end(row.id)}>
                  {t('退出', 'End')}
                </Button>
              ),
          },
        ]}
      />
    </Card>
  );
}

/** "Chrome · Windows" of a user agent. */
export function device(agent: string, language: string): string {
  const browser = /(Edg|MicroMessenger|Firefox|Chrome|Safari)/.exec(agent)?.[1];
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1];
  const names: Record<string, string> = { Edg: 'Edge', MicroMessenger: language === 'en' ? 'WeChat' : '微信' };
  const parts = [browser && (names[browser] ?? browser), system].filter(Boolean);
  return parts.join(' · ') || (language === 'en' ? 'unknown' : '未知设备');
}
