/** 收款账户: a form with exactly the provider's fields, the address to copy, and the check whether its callback arrives. */
import { Button, Form, Input, InputNumber, Tag, Tooltip, Typography } from 'antd';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n, useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { CallbackCheck } from '../ui/callback-check.tsx';
import { EditDrawer, useEditor, type Editor } from '../ui/edit-drawer.tsx';
import { parseMoney, plainMoney, Time } from '../ui/format.tsx';
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
            render: (row) => (
              <>
                {row.enabled ? <Tag color="green">{t('启用', 'On')}</Tag> : <Tag>{t('停用', 'Off')}</Tag>}
                {row.keysFailure !== null && (
                  <Tooltip title={row.keysFailure}>
                    <Tag color="orange">{t('平台证书更新失败', 'Certificates not renewed')}</Tag>
                  </Tooltip>
                )}
              </>
            ),
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
      {checking && (
        <CallbackCheck
          account={checking}
          provider={providers.data?.providers.find((p) => p.id === checking.provider)}
          close={() => setChecking(undefined)}
        />
      )}
    </Page>
  );
}

interface Fields {
  readonly provider: string;
  readonly mode: 'live' | 'test';
  readonly name: string;
  readonly enabled: boolean;
  readonly confirmByQuery?: boolean;
  /** In yuan or the like, as typed. */
  readonly confirmAbove?: string;
  readonly queriesPerMinute?: number;
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
    const { name, confirmAbove = '', queriesPerMinute = 60 } = f;
    const limits = { confirmAboveMinor: parseMoney(confirmAbove, 'CNY') ?? null, queriesPerMinute };
    const confirm = f.confirmByQuery === undefined ? {} : { confirmByQuery: f.confirmByQuery };
    if (!account) {
      return create.mutateAsync({ body: { provider: f.provider, mode: f.mode, name, config, ...limits, ...confirm } });
    }
    const body = { name, config, ...limits, confirmByQuery: account.confirmByQuery, ...confirm, enabled: f.enabled };
    return update.mutateAsync({ params: { id: account.id }, body });
  };
  return (
    <EditDrawer<Account, Fields>
      of={editor}
      width={620}
      add={t('添加收款账户', 'Add an account')}
      fresh={{ provider: first, mode: 'live', enabled: true, queriesPerMinute: 60 }}
      from={({ confirmAboveMinor, ...account }) => ({
        ...account,
        ...(confirmAboveMinor !== null && { confirmAbove: plainMoney(confirmAboveMinor, 'CNY') }),
      })}
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
            {provider && <KeyCheck provider={provider.id} account={thing} />}
            {provider?.canQuery === true && <QueryItems provider={provider} fresh={thing === undefined} />}
            {thing && <EnabledItem />}
          </>
        );
      }}
    </EditDrawer>
  );
}

/** 检查密钥: which of the pasted texts is wrong, before anything is saved. */
function KeyCheck({
  provider,
  account,
}: {
  readonly provider: string;
  readonly account: Account | undefined;
}): ReactNode {
  const { t, say } = useI18n();
  const form = Form.useFormInstance<Fields>();
  const check = useChange('post', '/api/console/payment-accounts/check-config');
  const run = async (): Promise<void> => {
    const config = filled(form.getFieldValue('config') as Fields['config']);
    const { problems } = await check.mutateAsync({
      body: { provider, config, ...(account && { accountId: account.id }) },
    });
    form.setFields(problems.map((problem) => ({ name: ['config', problem.field] as never, errors: [say(problem)] })));
  };
  const problems = check.data?.problems;
  return (
    <Form.Item>
      <span className="row">
        <Button loading={check.isPending} onClick={() => void run().catch(() => undefined)}>
          {t('检查密钥', 'Check the keys')}
        </Button>
        {problems?.length === 0 && <Tag color="green">{t('密钥完整且配对', 'The keys are whole and fit')}</Tag>}
        {problems !== undefined && problems.length > 0 && (
          <Tag color="red">{t(`${problems.length} 处需要修改`, `${problems.length} to correct`)}</Tag>
        )}
      </span>
      {check.error && <ErrorPanel error={check.error} />}
    </Form.Item>
  );
}

/** When the provider is asked before goods go out, and how often at most. */
function QueryItems(props: { readonly provider: Providers[number]; readonly fresh: boolean }): ReactNode {
  const t = useT();
  const { provider, fresh } = props;
  return (
    <>
      <SwitchItem
        // Each provider advises its own.
        key={provider.id}
        name="confirmByQuery"
        label={t('发货前向支付平台查询确认', 'Ask the provider before delivery')}
        help={
          provider.confirmByQueryDefault
            ? t(
                '建议开启：浏览器返回页带有与回调相同的签名。',
                'Better on: the browser return carries the same signature.',
              )
            : t('可只对大额订单查询，见下一项。', 'Or for large orders only, see below.')
        }
        {...(fresh && { initial: provider.confirmByQueryDefault })}
      />
      <Form.Item
        name="confirmAbove"
        label={t('不低于此金额的订单必须查询（可选）', 'Orders from this amount on are always asked about (optional)')}
        rules={[
          {
            validator: (_: unknown, value?: string): Promise<void> =>
              !value || (parseMoney(value, 'CNY') ?? 0) > 0
                ? Promise.resolve()
                : Promise.reject(new Error(t('金额格式不正确', 'No amount'))),
          },
        ]}
      >
        <Input inputMode="decimal" placeholder="100.00" />
      </Form.Item>
      <Form.Item name="queriesPerMinute" label={t('每分钟最多查询次数', 'Questions a minute at most')}>
        <InputNumber min={1} max={600} precision={0} />
      </Form.Item>
    </>
  );
}
