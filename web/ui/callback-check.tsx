/** 支付回调检测: each step, and the advice where it fails. Green only after a real payment came by notification. */
import { Alert, Button, Form, Input, Modal, Tag } from 'antd';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n, useT } from '../i18n.tsx';
import { parseMoney } from './format.tsx';
import { refundStateName } from './money-words.ts';
import { Qr } from './qr.tsx';
import { ErrorPanel } from './states.tsx';

type Account = Read<'/api/console/payment-accounts'>['accounts'][number];
type Provider = Read<'/api/console/payment-providers'>['providers'][number];

interface Props {
  readonly account: Account;
  readonly provider: Provider | undefined;
  readonly close: () => void;
}

export function CallbackCheck({ account, provider, close }: Props): ReactNode {
  const { t, say } = useI18n();
  const check = useChange('post', '/api/console/payment-accounts/:id/callback-check');
  const params = { params: { id: account.id } };
  const colours = { ok: 'green', failed: 'red', self_tested: 'gold', skipped: 'default', waiting: 'blue' } as const;
  const words = {
    ok: t('通过', 'ok'),
    failed: t('失败', 'failed'),
    self_tested: t('自测', 'self-test'),
    skipped: t('跳过', 'skipped'),
    waiting: t('等待', 'waiting'),
  };
  return (
    <Modal
      open
      title={t(`支付回调检测：${account.name}`, `Callback check: ${account.name}`)}
      footer={null}
      width={640}
      onCancel={close}
      destroyOnHidden
    >
      <div className="stack">
        <div>
          {t(
            '检查支付平台的通知能否到达这里。只有真实付款的回调到达后才算通过。',
            'Does a notification arrive here? It has passed once a real payment came by notification.',
          )}
        </div>
        <div>
          <Button type="primary" loading={check.isPending} onClick={() => check.mutate(params)}>
            {check.data ? t('重新检测', 'Check again') : t('开始检测', 'Check')}
          </Button>
        </div>
        {check.error && <ErrorPanel error={check.error} />}
        {check.data && <Verdict state={check.data.state} />}
        {check.data?.steps.map((step) => (
          <div key={step.id} className="check-step">
            <Tag color={colours[step.result]}>{words[step.result]}</Tag>
            <span>{say(step)}</span>
          </div>
        ))}
        {check.data && account.provider !== 'sandbox' && <SmallPayment account={account} provider={provider} />}
      </div>
    </Modal>
  );
}

function Verdict({ state }: { readonly state: 'ok' | 'self_tested' | 'failed' }): ReactNode {
  const t = useT();
  if (state === 'ok')
    return <Alert type="success" showIcon title={t('通过：真实付款的回调已到达', 'Passed: a real payment came by notification')} />; // prettier-ignore
  if (state === 'failed')
    return <Alert type="error" showIcon title={t('有步骤失败，请按提示处理', 'A step failed: see the advice')} />;
  return <Alert type="warning" showIcon title={t('自测正常，还没有用真实付款验证', 'The self-test is fine; no real payment has proven it yet')} />; // prettier-ignore
}

/** A payment of a cent that must come back by notification, and goes back to the payer where the provider can. */
function SmallPayment({ account, provider }: Omit<Props, 'close'>): ReactNode {
  const t = useT();
  const pay = useChange('post', '/api/console/payment-accounts/:id/callback-check/payment');
  const params = { params: { id: account.id } };
  const onlyCny = provider?.currencies?.includes('CNY') === true;
  const [currency, setCurrency] = useState(onlyCny ? 'CNY' : 'USD');
  const [amount, setAmount] = useState(onlyCny ? '0.01' : '1.00');
  const minor = parseMoney(amount, currency);
  const fits = minor !== undefined && minor > 0 && minor <= 1_000;
  return (
    <div className="stack">
      <Form layout="inline" onFinish={() => pay.mutate({ ...params, body: { amountMinor: minor ?? 1, currency } })}>
        <Form.Item
          label={t('用真实付款验证', 'Prove it with a real payment')}
          {...(!fits && { validateStatus: 'error' })}
        >
          <Input
            value={amount}
            onChange={(event) => setAmount(event.target.value)}
            style={{ width: 90 }}
            inputMode="decimal"
            aria-label={t('金额', 'Amount')}
          />
        </Form.Item>
        <Form.Item>
          <Input
            value={currency}
            disabled={onlyCny}
            onChange={(event) => setCurrency(event.target.value.toUpperCase())}
            maxLength={3}
            style={{ width: 64 }}
            aria-label={t('币种', 'Currency')}
          />
        </Form.Item>
        <Form.Item>
          <Button htmlType="submit" disabled={!fits || currency.length !== 3} loading={pay.isPending}>
            {t('生成付款', 'Make a payment')}
          </Button>
        </Form.Item>
      </Form>
      <span className="mute">
        {provider?.canRefund === 'no'
          ? t('该平台不支持自动退款，请在平台后台退回。', 'This provider cannot refund: pay it back by hand.')
          : t('到账后自动退回。', 'It goes back by itself once it has come.')}
      </span>
      {pay.error && <ErrorPanel error={pay.error} />}
      {pay.data && (
        <div className="stack">
          {pay.data.payKind === 'qr' && <Qr text={pay.data.payUrl} label={t('付款二维码', 'QR code to pay')} />}
          {pay.data.payKind === 'redirect' && (
            <a href={pay.data.payUrl} target="_blank" rel="noreferrer">
              {t('打开付款页面', 'Open the payment page')}
            </a>
          )}
        </div>
      )}
      <Progress account={account} live={pay.data !== undefined} />
    </div>
  );
}

function Progress({ account, live }: { readonly account: Account; readonly live: boolean }): ReactNode {
  const t = useT();
  const real = useRead(
    '/api/console/payment-accounts/:id/callback-check/payment',
    { params: { id: account.id } },
    {
      whilst: ({ state, refund }) =>
        (live && state === 'waiting') || (state !== 'none' && state !== 'waiting' && refund !== 'done' && refund !== 'failed' && refund !== 'abnormal'), // prettier-ignore
    },
  );
  if (!real.data || real.data.state === 'none' || (real.data.state === 'waiting' && !live)) return null;
  const { state, refund } = real.data;
  const refunded = refund === 'none' ? '' : ` · ${t('退回', 'return')}：${refundStateName(refund, t)}`;
  if (state === 'waiting') return <Alert type="info" showIcon title={t('等待付款和回调…', 'Waiting for the payment and its notification…')} />; // prettier-ignore
  if (state === 'ok') return <Alert type="success" showIcon title={`${t('回调已到达', 'The notification came')}${refunded}`} />; // prettier-ignore
  return (
    <Alert
      type="error"
      showIcon
      title={`${t('查询到已付款，但没有收到回调', 'It was paid, and no notification came')}${refunded}`}
      description={t(
        '请检查支付平台后台填写的通知地址，以及防火墙是否拦截了平台的请求。',
        'Check the notify address in the console of the provider, and whether a firewall keeps its calls out.',
      )}
    />
  );
}
