/** 设置: trigger, retries, escalation, warnings. In force at once, without a restart. */
import { App, Button, Card, Form, InputNumber, Radio } from 'antd';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { Page } from '../ui/page.tsx';
import { ErrorPanel, Loaded } from '../ui/states.tsx';

type Settings = Read<'/api/console/delivery-settings'>;

export function SettingsScreen(): ReactNode {
  const t = useT();
  const may = useMay();
  const settings = useRead('/api/console/delivery-settings');
  return (
    <Page
      title={t('设置', 'Settings')}
      why={t(
        '立即生效，不用重启。进行中的订单按下单时的设置处理。',
        'In force at once. Orders under way keep what they were sold with.',
      )}
    >
      <Loaded of={settings}>{(data) => <SettingsForm settings={data} editable={may('settings.edit')} />}</Loaded>
      <Card size="small" title={t('其他', 'More')}>
        <div className="row">
          <Link to="/channels">{t('通知渠道', 'Channels')}</Link>
          {may('shops.manage') && <Link to="/shops">{t('接口与回调', 'API and webhooks')}</Link>}
          {may('settings.edit') && <Link to="/security">{t('数据与加密', 'Data and encryption')}</Link>}
          <Link to="/staff">{t('员工与权限', 'Staff')}</Link>
          {may('ops') && (
            <>
              <a href="/ops/temporal/" target="_blank" rel="noreferrer">
                {t('流程界面', 'Workflow UI')}
              </a>
              <a href="/ops/mail/" target="_blank" rel="noreferrer">
                {t('内置邮箱', 'Mail')}
              </a>
            </>
          )}
        </div>
      </Card>
    </Page>
  );
}

interface Fields {
  readonly when: 'paid' | 'confirmed';
  readonly confirmations: number;
  readonly retries: number;
  readonly minutes: number;
  readonly ownerMinutes: number | null;
  readonly buyerMinutes: number | null;
  readonly refundMinutes: number | null;
  readonly remindMinutes: number;
  readonly threshold: number;
  readonly headMinutes: number;
  readonly percent: number;
  readonly windowMinutes: number;
  readonly floor: number;
  readonly noticeDays: number;
}

function SettingsForm({
  settings: s,
  editable,
}: {
  readonly settings: Settings;
  readonly editable: boolean;
}): ReactNode {
  const t = useT();
  const { message } = App.useApp();
  const [form] = Form.useForm<Fields>();
  const change = useChange('put', '/api/console/delivery-settings');
  const save = (f: Fields): void => {
    change.mutate(
      {
        body: {
          policy: { ...s.policy, retries: f.retries, intervalMs: f.minutes * 60_000 },
          trigger: { when: f.when, confirmations: f.confirmations },
          ladder: {
            ownerMinutes: f.ownerMinutes,
            buyerMinutes: f.buyerMinutes,
            refundMinutes: f.refundMinutes,
            remindMinutes: f.remindMinutes,
          },
          stockLine: { headMinutes: f.headMinutes },
          alarm: { rate: Math.round(f.percent * 100), windowMinutes: f.windowMinutes, floor: f.floor },
          retention: { noticeDays: f.noticeDays },
          stockWarning: { ...s.stockWarning, threshold: f.threshold },
        },
      },
      { onSuccess: () => void message.success(t('已保存', 'Saved')) },
    );
  };
  const number = (name: keyof Fields, label: string, min: number, max: number, empty?: string): ReactNode => (
    <Form.Item name={name} label={label} rules={empty === undefined ? [{ required: true }] : []}>
      <InputNumber min={min} max={max} style={{ width: 180 }} placeholder={empty ?? ''} />
    </Form.Item>
  );
  const off = t('不启用', 'off');
  return (
    <Form<Fields>
      form={form}
      layout="vertical"
      requiredMark={false}
      disabled={!editable}
      onFinish={save}
      initialValues={{
        ...s.trigger,
        ...s.ladder,
        retries: s.policy.retries,
        minutes: s.policy.intervalMs / 60_000,
        threshold: s.stockWarning.threshold,
        headMinutes: s.stockLine.headMinutes,
        ...s.alarm,
        percent: s.alarm.rate / 100,
        ...s.retention,
      }}
    >
      <div className="stack">
        <Card size="small" title={t('发货触发条件', 'When delivery begins')}>
          <Form.Item name="when">
            <Radio.Group
              options={[
                { value: 'paid', label: t('支付成功后立即发货', 'At once when paid') },
                { value: 'confirmed', label: t('支付状态变更为“已确认”后发货', 'When the payment is confirmed') },
              ]}
            />
          </Form.Item>
          {number('confirmations', t('需要的确认数（链上支付）', 'Confirmations (on-chain)'), 0, 1000)}
        </Card>
        <Card size="small" title={t('发货失败时自动重试', 'Retries when delivery fails')}>
          <div className="row">
            {number('retries', t('重试次数', 'Retries'), 0, 20)}
            {number('minutes', t('间隔（分钟）', 'Interval (minutes)'), 0.02, 1440)}
          </div>
        </Card>
        <Card size="small" title={t('升级提醒（订单等待人工时）', 'Escalation (while an order waits for people)')}>
          <div className="row">
            {number('remindMinutes', t('每隔多久提醒客服（分钟）', 'Remind staff every (minutes)'), 1, 43200)}
            {number('ownerMinutes', t('多久后通知店主', 'Tell the owner after'), 1, 43200, off)}
            {number('buyerMinutes', t('多久后告知买家', 'Tell the buyer after'), 1, 43200, off)}
            {number('refundMinutes', t('多久后建议退款', 'Propose a refund after'), 1, 43200, off)}
          </div>
        </Card>
        <Card size="small" title={t('发货失败率报警', 'Alarm when deliveries fail')}>
          <div className="row">
            {number('percent', t('失败率超过（%）', 'More than (%)'), 0.01, 100)}
            {number('windowMinutes', t('统计最近（分钟）', 'Of the last (minutes)'), 5, 1440)}
            {number('floor', t('至少多少单才报警', 'Of at least (orders)'), 1, 10_000)}
            {number('noticeDays', t('通知记录保留（天）', 'Keep messages to people (days)'), 30, 3650)}
          </div>
        </Card>
        <Card size="small" title={t('库存', 'Stock')}>
          <div className="row">
            {number('threshold', t('库存低于此数预警', 'Warn below'), 0, 1_000_000)}
            {number(
              'headMinutes',
              t('大单缺货时，多久后小单可先发（分钟）', 'Smaller orders may pass after (minutes)'),
              0,
              1440,
            )}
          </div>
        </Card>
        {change.error && <ErrorPanel error={change.error} />}
        {editable && (
          <div>
            <Button type="primary" htmlType="submit" loading={change.isPending}>
              {t('保存', 'Save')}
            </Button>
          </div>
        )}
      </div>
    </Form>
  );
}
