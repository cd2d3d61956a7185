/** 正式上线: each condition with its state and the button that leads to it. */
import { Alert, App, Button, Card, Tag } from 'antd';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT, type Translate } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { Time } from '../ui/format.tsx';
import { Page } from '../ui/page.tsx';
import { Loaded, useErrorText } from '../ui/states.tsx';

type Live = Read<'/api/console/go-live'>;
type Id = Live['conditions'][number]['id'];

function text(id: Id, t: Translate): { title: string; why: string; button: string; to: string } {
  const texts: Record<Id, { title: string; why: string; button: string; to: string }> = {
    payment: {
      title: t('已启用正式收款账户', 'A live payment account is on'),
      why: t('买家的钱要有地方收。', 'Buyers must have where to pay.'),
      button: t('收款账户', 'Payment accounts'),
      to: '/payments',
    },
    callback: {
      title: t('收到过支付平台的真实回调', 'A real notification has come'),
      why: t('用一分钱真实付款检测，确认付款后会自动发货。', 'Prove it with a payment of a cent.'),
      button: t('检测回调', 'Check it'),
      to: '/payments',
    },
    product: {
      title: t('有在售商品', 'A product is on sale'),
      why: t('至少上架一个商品。', 'At least one.'),
      button: t('商品', 'Products'),
      to: '/products',
    },
    cards: {
      title: t('卡密池里有正式卡密', 'The pool holds live keys'),
      why: t('测试卡密不会发给真实买家。', 'Test keys never reach a real buyer.'),
      button: t('导入卡密', 'Import keys'),
      to: '/cards',
    },
    test_order: {
      title: t('测试订单发货成功', 'A test order was delivered'),
      why: t('沙盒付款走完整个流程。', 'The whole way, with a sandbox payment.'),
      button: t('测试下单', 'Test order'),
      to: '/test-order',
    },
    channels: {
      title: t('通知渠道发送成功过', 'A channel has sent'),
      why: t('缺货或发货失败时才有人知道。', 'Or nobody hears of empty pools and failures.'),
      button: t('通知渠道', 'Channels'),
      to: '/channels',
    },
    second_factor: {
      title: t('已开启两步验证', 'The second factor is on'),
      why: t('卡密就是钱，只有密码还不够安全。', 'Keys are money; a password alone is not enough.'),
      button: t('开启', 'Switch it on'),
      to: '/me',
    },
    address: {
      title: t('公网 https 地址', 'A public https address'),
      why: t('买家和支付平台都要能访问；由运维设置 PUBLIC_URL。', 'Buyers and gateways must reach it: set PUBLIC_URL.'),
      button: '',
      to: '',
    },
    switch: {
      title: t('全局自动发货已开启', 'Automatic delivery is on'),
      why: t('关闭时，付款后的订单只会等待。', 'While it is off paid orders only wait.'),
      button: t('打开开关', 'Switch it on'),
      to: '/',
    },
    quarantine: {
      title: t('没有被隔离的卡密池', 'No pool is in quarantine'),
      why: t('恢复备份后需要先核对。', 'After a restore they are checked first.'),
      button: t('核对', 'Check'),
      to: '/',
    },
  };
  return texts[id];
}

export function GoLiveScreen(): ReactNode {
  const t = useT();
  const live = useRead('/api/console/go-live');
  return (
    <Page
      title={t('上线检查', 'Going live')}
      why={t(
        '正式上线之前不接受正式订单。每一项都由系统根据实际数据判断。',
        'Until the shop is live it takes no live orders. Each line is read from the data, not from a click.',
      )}
    >
      <Loaded of={live}>{(data) => <Check live={data} />}</Loaded>
    </Page>
  );
}

function Check({ live }: { readonly live: Live }): ReactNode {
  const t = useT();
  const may = useMay();
  const { modal, message } = App.useApp();
  const errorText = useErrorText();
  const go = useChange('post', '/api/console/go-live');
  const warnings = live.conditions.filter((c) => c.state === 'warning');
  const start = (): void => {
    modal.confirm({
      title: t('正式上线？', 'Go live?'),
      content:
        warnings.length === 0
          ? t(
              '所有条件都已满足。真实买家付款后会立即收到卡密。',
              'Everything is in place. Real buyers get their goods at once.',
            )
          : t(
              `还有 ${warnings.length} 项建议未完成：${warnings.map((c) => text(c.id, t).title).join('、')}`,
              `${warnings.length} things are advised but not done: ${warnings.map((c) => text(c.id, t).title).join(', ')}`,
            ),
      okText: t('正式上线', 'Go live'),
      onOk: () =>
        go.mutateAsync({}).then(
          () => void message.success(t('已正式上线', 'The shop is live')),
          (error: unknown) => void message.error(errorText(error).cause),
        ),
    });
  };
  return (
    <>
      {live.liveAt !== null && (
        <Alert
          type="success"
          showIcon
          title={
            <>
              {t('店铺已上线，自', 'The shop is live since')} <Time at={live.liveAt} full />
            </>
          }
        />
      )}
      <Card>
        <ol className="steps">
          {live.conditions.map((condition) => {
            const words = text(condition.id, t);
            return (
              <li key={condition.id} data-condition={condition.id} data-state={condition.state}>
                <Tag color={{ ok: 'green', warning: 'gold', blocking: 'red' }[condition.state]}>
                  {{ ok: '✓', warning: '!', blocking: '✕' }[condition.state]}
                </Tag>
                <div>
                  <b>{words.title}</b>{' '}
                  {condition.state === 'warning' && <span className="mute">{t('（建议）', '(advised)')}</span>}
                  {condition.state === 'blocking' && <span className="mute">{t('（必须）', '(needed)')}</span>}
                  <div className="mute">{words.why}</div>
                </div>
                {condition.state !== 'ok' && words.to !== '' && (
                  <Link to={words.to}>
                    <Button>{words.button}</Button>
                  </Link>
                )}
              </li>
            );
          })}
        </ol>
      </Card>
      {live.liveAt === null && may('settings.edit') && (
        <div>
          <Button type="primary" size="large" disabled={!live.ready} loading={go.isPending} onClick={start}>
            {t('正式上线', 'Go live')}
          </Button>
          {!live.ready && <span className="mute"> {t('请先完成标红的项目', 'First do what is marked in red')}</span>}
        </div>
      )}
    </>
  );
}
