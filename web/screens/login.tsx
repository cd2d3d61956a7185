/** The door: login and password, then the code of the authenticator if there is one. */
import { Alert, Button, Form, Input } from 'antd';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { ask } from '../api/client.ts';
import { useI18n } from '../i18n.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';

interface Fields {
  readonly login: string;
  readonly password: string;
  readonly code?: string;
}

export function LoginScreen({ firstStart }: { readonly firstStart: boolean }): ReactNode {
  const { t } = useI18n();
  const client = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [codeNeeded, setCodeNeeded] = useState(false);

  const enter = async ({ login, password, code }: Fields): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const body = { login, password, ...(codeNeeded && code !== undefined && { code }) };
      const { state } = await ask('post', '/api/console/session', { body });
      if (state === 'code_needed') setCodeNeeded(true);
      else await client.invalidateQueries();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Door
      title={t('登录控制台', 'Sign in')}
      hint={t('秒发 · 付款后秒级自动发货', 'Miaofa · goods the second they are paid')}
    >
      {firstStart && (
        <Alert
          type="info"
          showIcon
          title={t('还没有任何账号', 'There is no account yet')}
          description={t(
            '请打开 npm start 在终端打印的一次性链接来设置店主密码。',
            "Open the one-time link that npm start printed in the terminal: it sets the owner's password.",
          )}
        />
      )}
      {error !== undefined && <ErrorPanel error={error} />}
      <Form<Fields> layout="vertical" requiredMark={false} onFinish={(fields) => void enter(fields)}>
        <Form.Item
          name="login"
          label={t('账号', 'Login')}
          rules={[{ required: true, message: t('请输入账号', 'Give your login') }]}
          hidden={codeNeeded}
        >
          <Input autoFocus autoComplete="username" size="large" />
        </Form.Item>
        <Form.Item
          name="password"
          label={t('密码', 'Password')}
          rules={[{ required: true, message: t('请输入密码', 'Give your password') }]}
          hidden={codeNeeded}
        >
          <Input.Password autoComplete="current-password" size="large" />
        </Form.Item>
        {codeNeeded && (
          <Form.Item
            name="code"
            label={t('动态验证码', 'Code of your authenticator')}
            extra={t('验证器中的 6 位数字；手机不在身边可使用恢复码', 'Six digits; or a recovery code')}
            rules={[{ required: true, message: t('请输入验证码', 'Give the code') }]}
          >
            <Input autoFocus autoComplete="one-time-code" inputMode="text" size="large" />
          </Form.Item>
        )}
        <Button type="primary" htmlType="submit" size="large" block loading={busy}>
          {t('登录', 'Sign in')}
        </Button>
      </Form>
    </Door>
  );
}

/** The card in the middle that door, set-up and the like share. */
export function Door(props: {
  readonly title: string;
  readonly hint?: string;
  readonly children: ReactNode;
}): ReactNode {
  const { language, setLanguage } = useI18n();
  return (
    <main className="center">
      <div className="door stack">
        <div>
          <img src="/assets/mark.svg" width={40} height={40} alt="" />
          <h1>{props.title}</h1>
          {props.hint !== undefined && <div className="mute">{props.hint}</div>}
        </div>
        {props.children}
      </div>
      <Button type="link" onClick={() => setLanguage(language === 'en' ? 'zh-CN' : 'en')}>
        {language === 'en' ? '中文' : 'English'}
      </Button>
    </main>
  );
}
