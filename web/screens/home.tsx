/** Home: how far the set-up is, and whether the shop delivers by itself right now. */
import { App, Button, Card, Progress, Statistic, Switch, Tag } from 'antd';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT, type Translate } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { Time } from '../ui/format.tsx';
import { Icon } from '../ui/icons.tsx';
import { Page } from '../ui/page.tsx';
import { Quarantine } from '../ui/quarantine.tsx';
import { Loaded, useErrorText } from '../ui/states.tsx';
import { StateTag, type OrderState } from '../ui/status.tsx';

type Home = Read<'/api/console/home'>;
type Step = Home['steps'][number];

interface StepText {
  readonly title: string;
  readonly why: string;
  readonly missing: string;
  readonly button: string;
  readonly to: string;
}

function stepText(id: Step['id'], t: Translate): StepText {
  const texts: Record<Step['id'], StepText> = {
    account: {
      title: t('设置密码与两步验证', 'Password and second factor'),
      why: t('卡密就是钱，只有密码还不够安全。', 'Keys are money; a password alone is not enough.'),
      missing: t('还没有开启两步验证', 'No second factor yet'),
      button: t('开启两步验证', 'Switch it on'),
      to: '/me',
    },
    payment: {
      title: t('接入支付并检测回调', 'Connect payments and check the callback'),
      why: t('买家付款后，支付平台通过回调通知这里发货。', 'The gateway tells us of payments by its callback.'),
      missing: t('账户已添加，但还没有收到过支付平台的真实通知', 'Added, but no real notification has come yet'),
      button: t('设置收款账户', 'Payment accounts'),
      to: '/payments',
    },
    product: {
      title: t('新建商品', 'Create a product'),
      why: t('可以逐个填写，也可以用 Excel 批量导入。', 'One by one, or many by Excel.'),
      missing: t('商品都未上架', 'No product is on sale'),
      button: t('商品', 'Products'),
      to: '/products',
    },
    cards: {
      title: t('导入卡密', 'Import keys'),
      why: t(
        '支持 Excel、CSV、文本和粘贴，重复卡密会自动过滤。',
        'Excel, CSV, text or paste; duplicates are left out.',
      ),
      missing: '',
      button: t('导入卡密', 'Import keys'),
      to: '/cards',
    },
    template: {
      title: t('发货模板（可选）', 'Delivery template (optional)'),
      why: t('买家收到卡密时看到的使用说明和有效期。', 'What buyers read beside the goods.'),
      missing: '',
      button: t('编写模板', 'Write a template'),
      to: '/templates',
    },
    channels: {
      title: t('预警与客服通知', 'Warnings and notifications'),
      why: t('缺货或发货失败时，第一时间通知到人。', 'People hear at once of empty pools and failures.'),
      missing: t('已添加渠道，但还没有成功发送过', 'Added, but nothing was sent successfully yet'),
      button: t('通知渠道', 'Channels'),
      to: '/channels',
    },
    test_order: {
      title: t('下一笔测试订单', 'Place a test order'),
      why: t('用沙盒支付走完整个流程，确认 10 秒内发货。', 'The whole way with a sandbox payment, within 10 seconds.'),
      missing: '',
      button: t('测试下单', 'Test order'),
      to: '/test-order',
    },
    live: {
      title: t('正式上线', 'Go live'),
      why: t('逐项检查，全部通过后正式开始销售。', 'Each condition is checked; then the shop sells.'),
      missing: t('已上线，等待第一笔真实付款', 'Live; the first real payment has not come yet'),
      button: t('上线检查', 'Check and go live'),
      to: '/go-live',
    },
  };
  return texts[id];
}

export function HomeScreen(): ReactNode {
  const t = useT();
  const home = useRead('/api/console/home');
  return (
    <Page title={t('首页', 'Home')}>
      <Loaded of={home}>
        {(data) => (
          <>
            {data.quarantined > 0 && <Quarantine />}
            <div className="grid">
              <SwitchCard home={data} />
              <NowCard home={data} />
            </div>
            <Checklist home={data} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function SwitchCard({ home }: { readonly home: Home }): ReactNode {
  const t = useT();
  const may = useMay();
  const { modal, message } = App.useApp();
  const errorText = useErrorText();
  const change = useChange('post', '/api/console/auto-delivery');
  const turn = (on: boolean): void => {
    modal.confirm({
      title: on
        ? t('开启全局自动发货？', 'Switch automatic delivery on?')
        : t('关闭全局自动发货？', 'Switch automatic delivery off?'),
      content: on
        ? t('等待中的订单会按付款先后依次自动发出。', 'Orders that waited go out, oldest payment first.')
        : t(
            '新付款的订单会等待，不会自动发货；手动发货仍可使用。',
            'Paid orders then wait; delivery by hand still works.',
          ),
      okButtonProps: { danger: !on },
      onOk: () =>
        new Promise<void>((resolve) => {
          change.mutate(
            { body: { on } },
            { onError: (error) => void message.error(errorText(error).cause), onSettled: () => resolve() },
          );
        }),
    });
  };
  return (
    <Card
      title={t('全局自动发货', 'Automatic delivery')}
      extra={
        <Switch
          checked={home.autoDelivery}
          disabled={!may('settings.edit')}
          loading={change.isPending}
          onChange={turn}
          aria-label={t('全局自动发货', 'Automatic delivery')}
        />
      }
    >
      <p>
        {home.autoDelivery ? (
          <Tag color="green">{t('已开启', 'On')}</Tag>
        ) : (
          <Tag color="red">{t('已关闭：付款后的订单都在等待', 'Off: paid orders wait')}</Tag>
        )}
      </p>
      <Statistic title={t('已启用自动发货的商品', 'Products on sale')} value={home.selling} />
    </Card>
  );
}

function NowCard({ home }: { readonly home: Home }): ReactNode {
  const t = useT();
  return (
    <Card title={t('现在', 'Now')}>
      <div className="tiles">
        <Link to="/queue">
          <Statistic
            title={t('待人工处理', 'Waiting for people')}
            value={home.openTasks}
            styles={home.openTasks > 0 ? { content: { color: '#dc2626' } } : {}}
          />
        </Link>
        <div>
          <div className="mute">{t('最近一笔订单', 'Last order')}</div>
          {home.lastOrder ? (
            <Link to={`/orders/${home.lastOrder.no}`}>
              <StateTag state={home.lastOrder.state as OrderState} /> <Time at={home.lastOrder.at} />
            </Link>
          ) : (
            t('还没有订单', 'none yet')
          )}
        </div>
      </div>
    </Card>
  );
}

function Checklist({ home }: { readonly home: Home }): ReactNode {
  const t = useT();
  const done = home.steps.filter((step) => step.state !== 'open').length;
  const all = home.steps.length;
  const next = home.steps.find((step) => step.state === 'open');
  return (
    <Card title={t('开通向导', 'Setting up')} extra={<span className="mute">{`${done}/${all}`}</span>}>
      <Progress percent={Math.round((done / all) * 100)} showInfo={false} aria-label={t('进度', 'Progress')} />
      <ol className="steps">
        {home.steps.map((step, i) => {
          const text = stepText(step.id, t);
          return (
            <li key={step.id} data-state={step.state} data-step={step.id}>
              <span className="dot">{step.state === 'done' ? <Icon name="check" size={16} /> : i + 1}</span>
              <div>
                <b>{text.title}</b>{' '}
                <span className="mute">{t(`约 ${step.minutes} 分钟`, `about ${step.minutes} min`)}</span>
                <div className="mute">{step.state === 'attention' ? text.missing : text.why}</div>
              </div>
              {step.state !== 'done' && (
                <Link to={text.to}>
                  <Button type={next?.id === step.id ? 'primary' : 'default'}>{text.button}</Button>
                </Link>
              )}
            </li>
          );
        })}
      </ol>
    </Card>
  );
}
