/** 收款账户: a form with exactly the provider's fields, the address to copy, and the check whether its callback arrives. */
import { Button, InputNumber, Modal, Tag, Typography } from 'antd';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n, useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { EditDrawer, useEditor, type Editor } from '../ui/edit-drawer.tsx';
import { Time } from '../ui/format.tsx';
import { EnabledItem, KindItem, ModeItem, NameItem, SwitchItem } from '../ui/items.tsx';
import { Page } from '../ui/page.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { filled, SchemaFields } from '../ui/schema-form.tsx';
import { EmptyState, ErrorPanel } from '../ui/states.tsx';

type Data = Read<'/api/console/payment-accounts'>;
type Account = Data['accounts'][number];
type Providers = Read<'/api/console/payment-providers'>['providers'];

export function PaymentsScreen(): ReactNode {
  const { t, say } = useI18n();
  const may = useMay();
  const accounts = useRead('/api/console/payment-accounts');
  const providers = useRead('/api/console/payment-providers');
  const editor = useEditor<Account>();
  const [checking, setChecking] = useState<Account>();
  const providerName = (id: string): string => {
    const found = providers.data?.providers.find((p) => p.id === id);
    return found ? say(found.name) : id;
  };
  return (
    <Page
      title={t('收款账户', 'Payment accounts')}
      why={t(
        '买家付款到这些账户，支付平台的回调会触发发货。',
        'Buyers pay into these; the callback of the provider starts the delivery.',
      )}
      actions={
        may('payments.configure') && (
          <Button type="primary" onClick={editor.add}>
            {t('添加收款账户', 'Add an account')}
          </Button>
        )
      }
    >
      <ResourceTable<Data, Account>
        of={accounts}
        label={t('收款账户', 'Payment accounts')}
        rows={(data) => data.accounts}
        rowKey={(row) => row.id}
        empty={
          <EmptyState
            what={t('还没有收款账户', 'No payment account yet')}
            why={t('添加后买家才能付款。', 'Buyers can pay once there is one.')}
          />
        }
        columns={[
          { title: t('名称', 'Name'), render: (row) => (<>{row.name} {row.mode === 'test' && <Tag color="orange">{t('测试', 'Test')}</Tag>}</>) }, // prettier-ignore
          { title: t('平台', 'Provider'), render: (row) => providerName(row.provider) },
          {
            title: t('状态', 'State'),
            render: (row) => (row.enabled ? <Tag color="green">{t('启用', 'On')}</Tag> : <Tag>{t('停用', 'Off')}</Tag>),
          },
          { title: t('最近收到付款通知', 'Last notified payment'), render: (row) => <Time at={row.lastPaidAt} /> },
          {
            title: t('通知地址', 'Notify URL'),
            deskOnly: true,
            render: (row) => (
              <Typography.Text copyable className="mono small">
                {row.notifyUrl}
              </Typography.Text>
            ),
          },
          {
            title: t('操作', 'Actions'),
            render: (row) =>
              may('payments.configure') && (
                <span className="row">
                  <Button size="small" onClick={() => setChecking(row)}>
                    {t('检测回调', 'Check callback')}
                  </Button>
                  <Button size="small" onClick={() => editor.edit(row)}>
                    {t('编辑', 'Edit')}
                  </Button>
                </span>
              ),
          },
        ]}
      />
      {providers.data && <AccountDrawer editor={editor} providers={providers.data.providers} />}
      {checking && <CallbackCheck account={checking} close={() => setChecking(undefined)} />}
    </Page>
  );
}

interface Fields {
  readonly provider: string;
  readonly mode: 'live' | 'test';
  readonly name: string;
  readonly enabled: boolean;
  readonly confirmByQuery?: boolean;
  readonly config?: Record<string, string | undefined>;
}

function AccountDrawer(props: { readonly editor: Editor<Account>; readonly providers: Providers }): ReactNode {
  const t = useT();
  const { editor, providers } = props;
  const create = useChange('post', '/api/console/payment-accounts');
  const update = useChange('put', '/api/console/payment-accounts/:id');
  const first = providers.find((p) => p.modes.includes('live'))?.id ?? '';
  const save = (f: Fields, account: Account | undefined): Promise<unknown> => {
    const config = filled(f.config);
    if (!account) {
      return create.mutateAsync({ body: { provider: f.provider, mode: f.mode, name: f.name, config } });
    }
    const { confirmAboveMinor, queriesPerMinute } = account;
    const confirmByQuery = f.confirmByQuery ?? account.confirmByQuery;
    const body = { name: f.name, config, confirmByQuery, confirmAboveMinor, queriesPerMinute, enabled: f.enabled };
    return update.mutateAsync({ params: { id: account.id }, body });
  };
  return (
    <EditDrawer<Account, Fields>
      of={editor}
      width={620}
      add={t('添加收款账户', 'Add an account')}
      fresh={{ provider: first, mode: 'live', enabled: true }}
      save={save}
    >
      {({ thing, fields }) => {
        const provider = providers.find((p) => p.id === fields.provider);
        return (
          <>
            <KindItem
              name="provider"
              label={t('支付平台', 'Provider')}
              kinds={providers.map(({ id, name }) => ({ value: id, name }))}
              fixed={thing !== undefined}
            />
            <ModeItem modes={provider?.modes ?? []} fixed={thing !== undefined} />
            <NameItem label={t('名称（买家不可见）', 'Name (buyers do not see it)')} />
            <SchemaFields fields={provider?.fields ?? []} kept={thing?.config ?? {}} />
            {thing && (
              <>
                <SwitchItem
                  name="confirmByQuery"
                  label={t('发货前向支付平台查询确认', 'Ask the provider before delivery')}
                  hidden={provider?.canQuery === false}
                />
                <EnabledItem />
              </>
            )}
          </>
        );
      }}
    </EditDrawer>
  );
}

/** 支付回调检测: each step, and the advice where it fails. Green only after a real payment. */
function CallbackCheck({ account, close }: { readonly account: Account; readonly close: () => void }): ReactNode {
  const { t, language } = useI18n();
  const check = useChange('post', '/api/console/payment-accounts/:id/callback-check');
  const pay = useChange('post', '/api/console/payment-accounts/:id/callback-check/payment');
  const [amount, setAmount] = useState(1);
  const params = { params: { id: account.id } };
  const colours = { ok: 'green', failed: 'red', self_tested: 'gold', skipped: 'default', waiting: 'blue' } as const;
  const words = {
    ok: t('通过', 'ok'),
    failed: t('失败', 'failed'),
    self_tested: t('自测通过', 'self-tested'),
    skipped: t('跳过', 'skipped'),
    waiting: t('等待', 'waiting'),
  };
  return (
    <Modal
      open
      title={t(`支付回调检测：${account.name}`, `Callback check: ${account.name}`)}
      footer={null}
      onCancel={close}
      destroyOnHidden
    >
      <div className="stack">
        <div>
          {t(
            '检查支付平台的通知能否到达这里。只有真实付款才能完全证明。',
            'Does a notification arrive here? Only a real payment proves it fully.',
          )}
        </div>
        <Button type="primary" loading={check.isPending} onClick={() => check.mutate(params)}>
          {t('开始检测', 'Check')}
        </Button>
        {check.error && <ErrorPanel error={check.error} />}
        {check.data?.steps.map((step) => (
          <div key={step.id} className="row">
            <Tag color={colours[step.result]}>{words[step.result]}</Tag>
            <span>{language === 'en' ? step.en : step.zh}</span>
          </div>
        ))}
        {check.data && account.mode === 'live' && (
          <div className="row">
            <span>{t('用小额真实付款验证（分）', 'Prove it with a small payment (cents)')}</span>
            <InputNumber
              min={1}
              max={1000}
              value={amount}
              onChange={(value) => setAmount(value ?? 1)}
              aria-label={t('金额（分）', 'Amount (cents)')}
            />
            <Button loading={pay.isPending} onClick={() => pay.mutate({ ...params, body: { amountMinor: amount } })}>
              {t('生成付款', 'Make a payment')}
            </Button>
          </div>
        )}
        {pay.error && <ErrorPanel error={pay.error} />}
        {pay.data && (
          <a href={pay.data.payUrl} target="_blank" rel="noreferrer">
            {t('打开付款页面', 'Open the payment page')}
          </a>
        )}
        <PaymentsNote />
      </div>
    </Modal>
  );
}

function PaymentsNote(): ReactNode {
  const t = useT();
  return (
    <span className="mute">
      {t(
        '通知地址必须是公网 https 地址，请检查 PUBLIC_URL。',
        'The notify URL must be public https: check PUBLIC_URL.',
      )}
    </span>
  );
}
