/** A one-time link sets a password: of the first owner, of a new person, or of one who forgot it. */
import { Button, Form, Input } from 'antd';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { ask } from '../api/client.ts';
import { useI18n } from '../i18n.tsx';
import { ErrorPanel, Loaded } from '../ui/states.tsx';
import { Door } from './login.tsx';

interface Fields {
  readonly login?: string;
  readonly name?: string;
  readonly password: string;
}

/** `done`: the person is signed in. */
export function SetupScreen({ done }: { readonly done: () => void }): ReactNode {
  const { t } = useI18n();
  const [token] = useState(() => location.hash.slice(1));
  const link = useQuery({
    queryKey: ['setup', token],
    queryFn: () => ask('post', '/api/console/setup/check', { body: { token } }),
    retry: false,
    refetchOnWindowFocus: false,
  });
  return (
    <Door title={t('设置密码', 'Set a password')} hint={t('此链接只能使用一次', 'This link works once')}>
      <Loaded of={link}>{({ login }) => <SetupForm token={token} login={login} done={done} />}</Loaded>
    </Door>
  );
}

function SetupForm(props: {
  readonly token: string;
  readonly login: string | null;
  readonly done: () => void;
}): ReactNode {
  const { token, login, done } = props;
  const { t } = useI18n();
  const client = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);

  const save = async ({ login: chosen, name, password }: Fields): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await ask('post', '/api/console/setup', {
        body: { token, password, ...(chosen && { login: chosen }), ...(name && { name }) },
      });
      await client.invalidateQueries({ queryKey: ['/api/console/session'] });
      done();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };

  return (
    <Form<Fields> layout="vertical" requiredMark={false} onFinish={(fields) => void save(fields)}>
      {login === null ? (
        <>
          <Form.Item
            name="login"
            label={t('店主账号', "Owner's login")}
            extra={t('以后用它登录', 'You sign in with it')}
            rules={[{ required: true, min: 2, message: t('至少 2 个字符', 'At least 2 characters') }]}
          >
            <Input autoFocus autoComplete="username" size="large" />
          </Form.Item>
          <Form.Item name="name" label={t('您的称呼', 'Your name')} extra={t('显示在操作记录里', 'Shown in the log')}>
            <Input size="large" maxLength={40} />
          </Form.Item>
        </>
      ) : (
        <p>
          {t('账号', 'Login')}: <b>{login}</b>
          <input type="text" autoComplete="username" value={login} readOnly hidden />
        </p>
      )}
      <Form.Item
        name="password"
        label={t('新密码', 'New password')}
        extra={t('至少 10 个字符，不要求大小写或符号；可用一句话', 'At least 10 characters; a sentence is fine')}
        rules={[{ required: true, min: 10, message: t('至少 10 个字符', 'At least 10 characters') }]}
      >
        <Input.Password autoComplete="new-password" size="large" />
      </Form.Item>
      <Form.Item
        name="again"
        label={t('再输入一次', 'Once more')}
        dependencies={['password']}
        rules={[
          { required: true, message: t('请再输入一次密码', 'Give the password once more') },
          ({ getFieldValue }) => ({
            validator: (_, value) =>
              value === undefined || value === '' || value === getFieldValue('password')
                ? Promise.resolve()
                : Promise.reject(new Error(t('两次输入不一致', 'They differ'))),
          }),
        ]}
      >
        <Input.Password autoComplete="new-password" size="large" />
      </Form.Item>
      {error !== undefined && <ErrorPanel error={error} />}
      <Button type="primary" htmlType="submit" size="large" block loading={busy}>
        {t('保存并进入控制台', 'Save and enter')}
      </Button>
    </Form>
  );
}
