/** 数据与密钥: how long things are kept, second approval, the shop's time, rotation of the keys that seal the goods. */
import { App, Button, Card, Form, InputNumber, Popconfirm, Progress, Select, Tag, Typography } from 'antd';
import type { ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { Time } from '../ui/format.tsx';
import { SwitchItem } from '../ui/items.tsx';
import { Page } from '../ui/page.tsx';
import { EmptyState, ErrorPanel, Loaded } from '../ui/states.tsx';

type General = Read<'/api/console/general-settings'>;
type Rotations = Read<'/api/console/key-rotations'>;

export function SecurityScreen(): ReactNode {
  const t = useT();
  const general = useRead('/api/console/general-settings');
  const rotations = useRead('/api/console/key-rotations', {}, { refetchInterval: 3_000 });
  return (
    <Page
      title={t('数据与加密', 'Data and encryption')}
      why={t(
        '保存多久、谁能导出、加密密钥多久更换。立即生效。',
        'What is kept how long, who exports, when keys are renewed. In force at once.',
      )}
    >
      <Loaded of={general}>{(data) => <GeneralForm general={data} />}</Loaded>
      <Loaded of={rotations}>{(data) => <Rotation rotations={data} />}</Loaded>
    </Page>
  );
}

const zones = ['Asia/Shanghai', 'Asia/Hong_Kong', 'Asia/Taipei', 'Asia/Singapore', 'Asia/Kuala_Lumpur', 'Asia/Tokyo', 'Asia/Bangkok', 'Asia/Jakarta', 'Europe/London', 'Europe/Berlin', 'America/New_York', 'America/Los_Angeles', 'Australia/Sydney', 'UTC']; // prettier-ignore

function GeneralForm({ general }: { readonly general: General }): ReactNode {
  const t = useT();
  const { message } = App.useApp();
  const change = useChange('put', '/api/console/general-settings');
  return (
    <Card size="small" title={t('通用', 'General')}>
      <Form<General>
        layout="vertical"
        requiredMark={false}
        initialValues={general}
        onFinish={(body) => change.mutate({ body }, { onSuccess: () => void message.success(t('已保存', 'Saved')) })}
      >
        <div className="row up">
          <Form.Item
            name="timeZone"
            label={t('店铺时区', 'Time zone of the shop')}
            extra={t('“今天”按此时区计算', '"Today" is counted by it')}
          >
            <Select
              showSearch
              style={{ width: 220 }}
              options={[...new Set([general.timeZone, ...zones])].map((value) => ({ value }))}
            />
          </Form.Item>
          <Form.Item
            name="notificationDays"
            label={t('支付回调原文保留（天）', 'Keep raw payment notifications (days)')}
            extra={t('到期只删除原文，收款记录永久保留', 'Only the raw text goes; payments stay')}
            rules={[{ required: true }]}
          >
            <InputNumber min={30} max={3650} precision={0} style={{ width: 160 }} />
          </Form.Item>
        </div>
        <SwitchItem
          name="exportSecondPerson"
          label={t('导出卡密需要第二人批准', 'Exports of keys need a second person')}
          help={t('开启后，申请人自己不能批准', 'Nobody approves what they asked for')}
        />
        {change.error && <ErrorPanel error={change.error} />}
        <Button type="primary" htmlType="submit" loading={change.isPending}>
          {t('保存', 'Save')}
        </Button>
      </Form>
    </Card>
  );
}

const rowsSeen = (item: Rotations['items'][number]): number => item.tables.reduce((sum, one) => sum + one.rows, 0);

function Rotation({ rotations }: { readonly rotations: Rotations }): ReactNode {
  const t = useT();
  const start = useChange('post', '/api/console/key-rotations');
  const ring = {
    card: t('卡密', 'Goods'),
    contact: t('买家联系方式', 'Contacts of buyers'),
    secret: t('账号与接口密码', 'Accounts and secrets'),
    codec: t('Temporal 流程数据', 'What workflows carry'),
  };
  const running = (ring: string): boolean =>
    rotations.items.some((item) => item.ring === ring && item.state === 'running');
  return (
    <Card size="small" title={t('加密密钥轮换', 'Rotation of encryption keys')}>
      <div className="stack">
        <div>
          {t(
            '生成新密钥，并在后台把旧数据重新加密；期间照常发货。人员离职或怀疑泄露时使用。',
            'A new key is made and old data is sealed anew in the background, while everything goes on. Do it when somebody leaves or a leak is feared.',
          )}
        </div>
        <div className="row">
          {(['card', 'contact', 'secret', 'codec'] as const).map((value) => (
            <Popconfirm
              key={value}
              title={t(`轮换${ring[value]}的加密密钥？`, `Renew the key of ${ring[value].toLowerCase()}?`)}
              onConfirm={() => start.mutate({ body: { ring: value } })}
            >
              <Button disabled={running(value)} loading={start.isPending}>
                {t(`轮换${ring[value]}密钥`, `Renew: ${ring[value]}`)}
              </Button>
            </Popconfirm>
          ))}
        </div>
        {start.error && <ErrorPanel error={start.error} />}
        {rotations.items.length === 0 && <EmptyState what={t('还没有轮换过', 'None yet')} />}
        {rotations.items.map((item) => (
          <div key={item.id} className="row">
            <Tag color={item.state === 'done' ? 'green' : 'processing'}>
              {item.state === 'done' ? t('已完成', 'done') : t('进行中', 'running')}
            </Tag>
            <span>{ring[item.ring as keyof typeof ring]}</span>
            <Time at={item.startedAt} />
            {item.state === 'running' ? (
              <Progress
                style={{ width: 220 }}
                percent={item.total === 0 ? 0 : Math.min(99, Math.floor((rowsSeen(item) / item.total) * 100))}
                aria-label={t('进度', 'Progress')}
              />
            ) : (
              <span className="mute">
                {t(`重新加密 ${item.done} 条`, `${item.done} sealed anew`)} · <Time at={item.endedAt} />
              </span>
            )}
            {item.state === 'running' && (
              <span className="mute">
                {item.tables.map((one) => `${one.table} ${one.state === 'waiting' ? '–' : one.rows}`).join(' · ')}
              </span>
            )}
            {item.failure !== null && (
              <Tag color="red">
                {t(`受阻：${item.failure}，每分钟重试`, `Held up: ${item.failure}; tried each minute`)}
              </Tag>
            )}
            {item.broken > 0 && (
              <Tag color="red">
                {t(`${item.broken} 条无法解密，已原样保留`, `${item.broken} do not open and were left as they are`)}
              </Tag>
            )}
          </div>
        ))}
        <Typography.Text type="secondary">
          {t('主密钥编号：', 'Master key: ')}
          <span className="mono">{rotations.masterKey}</span>
          {t('。主密钥文件不在数据库中，请另行备份。', '. Its file is not in the database: keep a copy.')}
        </Typography.Text>
      </div>
    </Card>
  );
}
