/** One case: what it is about, what was said both ways, and how it ends. */
import { Alert, Button, Card, Checkbox, Descriptions, Form, Input, Tag } from 'antd';
import { Link, useParams } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { actorName } from '../ui/actions.ts';
import { CaseState, Clock, caseKindName, decisionText, sourceName, type Decision, type Whole } from '../ui/case-words.tsx'; // prettier-ignore
import { DecisionModal } from '../ui/decide.tsx';
import { money, Time } from '../ui/format.tsx';
import { Page } from '../ui/page.tsx';
import { EmptyState, ErrorPanel, Loaded } from '../ui/states.tsx';
import { ReasonText, TestTag } from '../ui/status.tsx';
import { useClock } from '../ui/use-clock.ts';

export function CaseScreen(): ReactNode {
  const t = useT();
  const { no = '' }: { no?: string } = useParams({ strict: false });
  const file = useRead('/api/console/cases/:no', { params: { no } }, { refetchInterval: 5_000 });
  return (
    <Page title={t(`工单 ${no}`, `Case ${no}`)}>
      <Loaded of={file}>
        {(data) => (
          <>
            <Facts of={data} />
            <Decisions of={data} />
            <Talk of={data} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Facts({ of: { case: c, payment } }: { readonly of: Whole }): ReactNode {
  const t = useT();
  const now = useClock();
  const refunds = {
    by_provider: t('可原路退款（可部分）', 'refunded by the provider, in part too'),
    whole_by_provider: t('可原路退款（仅全额）', 'refunded by the provider, only as a whole'),
    by_hand: t('需在支付平台后台手动退款', 'refunded by hand at the provider'),
  };
  return (
    <Card>
      <Descriptions
        column={{ xs: 1, sm: 2, lg: 3 }}
        size="small"
        items={[
          { key: 'kind', label: t('类型', 'Kind'), children: (<>{caseKindName(c.kind, t)} <TestTag mode={c.mode} /></>) }, // prettier-ignore
          { key: 'state', label: t('状态', 'State'), children: <CaseState of={c} /> },
          { key: 'due', label: t('时限', 'Due'), children: <Clock of={c} now={now} /> },
          {
            key: 'order',
            label: t('订单', 'Order'),
            children:
              c.orderNo === null ? t('无对应订单', 'none') : <Link to={`/orders/${c.orderNo}`} className="mono">{c.orderNo}</Link>, // prettier-ignore
          },
          {
            key: 'from',
            label: t('来源', 'From'),
            children:
              c.source === 'staff'
                ? `${sourceName(c.source, t)} · ${actorName(c.openedBy, t)}`
                : sourceName(c.source, t),
          },
          { key: 'opened', label: t('提交时间', 'Opened'), children: <Time at={c.openedAt} full /> },
          ...(c.closedAt === null ? [] : [{ key: 'closed', label: t('结束', 'Closed'), children: (<><Time at={c.closedAt} full /> {c.closedBy && actorName(c.closedBy, t)}</>) }]), // prettier-ignore
          ...(c.reason ? [{ key: 'why', label: t('原因', 'Why'), children: <ReasonText reason={c.reason} next />, span: 'filled' as const }] : []), // prettier-ignore
          ...(payment
            ? [
                {
                  key: 'payment',
                  label: t('付款', 'Payment'),
                  span: 'filled' as const,
                  children: (
                    <span>
                      {money(payment.amountMinor, payment.currency)} · {payment.account} ·{' '}
                      <span className="mono">{payment.tradeNo}</span>
                      {payment.refundedMinor > 0 && (
                        <Tag color="purple">
                          {t('已退', 'back')} {money(payment.refundedMinor, payment.currency)}
                        </Tag>
                      )}{' '}
                      <span className="mute">{refunds[payment.refunds]}</span>
                      {
                        c.orderNo === null &&
                        <div className="mute small">{t(`付款所写订单号：${payment.claimedOrderNo}`, `It named the order ${payment.claimedOrderNo}`)}</div> // prettier-ignore
                      }
                    </span>
                  ),
                },
              ]
            : []),
        ]}
      />
    </Card>
  );
}

function Decisions({ of: file }: { readonly of: Whole }): ReactNode {
  const t = useT();
  const may = useMay();
  const [open, setOpen] = useState<Decision>();
  const { case: c, decisions } = file;
  if (c.closedAt !== null) return null;
  return (
    <>
      {c.failureReason && c.state === 'open' && (
        <Alert
          type="warning"
          showIcon
          title={t('上次处理没有成功', 'The last decision could not be carried out')}
          description={<ReasonText reason={c.failureReason} next />}
        />
      )}
      {c.state === 'working' ? (
        <Alert type="info" showIcon title={t('正在处理；退款要等款项真正退回。', 'Being done; a refund waits until the money has moved.')} /> // prettier-ignore
      ) : (
        may('orders.act') && (
          <div className="row">
            {decisions
              .filter((decision) => decision !== 'refund' || may('orders.refund'))
              .map((decision, i) => (
                <Button key={decision} type={i === 0 ? 'primary' : 'default'} danger={decision === 'refuse'} onClick={() => setOpen(decision)}>
                  {decisionText(decision, t).label}
                </Button>
              ))}
          </div>
        )
      )}
      {open && <DecisionModal file={file} decision={open} close={() => setOpen(undefined)} />}
    </>
  );
} // prettier-ignore

interface Fields {
  readonly text: string;
  readonly internal?: boolean;
  readonly ask?: boolean;
}

function Talk({ of: { case: c, messages } }: { readonly of: Whole }): ReactNode {
  const t = useT();
  const may = useMay();
  const [form] = Form.useForm<Fields>();
  const say = useChange('post', '/api/console/cases/:no/messages');
  const internal = Form.useWatch('internal', form) === true;
  const names: Record<string, string> = {
    buyer: t('买家', 'Buyer'),
    staff: t('客服', 'Staff'),
    system: t('系统', 'System'),
    internal: t('内部备注（买家不可见）', 'Note, not for the buyer'),
  };
  return (
    <Card title={t('沟通记录', 'What was said')} size="small">
      {messages.length === 0 && <EmptyState what={t('还没有留言', 'Nothing was said yet')} />}
      <div className="talk" aria-live="polite">
        {messages.map((m, i) => (
          <div key={i} className={`said ${m.side}`}>
            <div className="mute small">
              {names[m.side]} · {m.side !== 'buyer' && `${actorName(m.by, t)} · `}
              <Time at={m.at} />
            </div>
            <div className="words">{m.text}</div>
          </div>
        ))}
      </div>
      {c.closedAt === null && may('orders.act') && (
        <Form<Fields>
          form={form}
          layout="vertical"
          requiredMark={false}
          onFinish={({ text, internal: inside = false, ask = false }) =>
            say.mutate(
              { params: { no: c.no }, body: { text, internal: inside, ask: ask && !inside } },
              { onSuccess: () => form.resetFields() },
            )
          }
        >
          <Form.Item name="text" label={t('回复', 'Answer')} rules={[{ required: true, whitespace: true, message: t('请填写内容', 'Write something') }]}>
            <Input.TextArea rows={3} maxLength={4000} />
          </Form.Item>
          <div className="row">
            <Form.Item name="internal" valuePropName="checked" noStyle>
              <Checkbox>{t('内部备注，买家不可见', 'A note, not for the buyer')}</Checkbox>
            </Form.Item>
            <Form.Item name="ask" valuePropName="checked" noStyle>
              <Checkbox disabled={internal}>{t('需要买家先回复（计时暂停）', 'The buyer must answer first (the clock stops)')}</Checkbox>
            </Form.Item>
            <Button htmlType="submit" type="primary" loading={say.isPending}>
              {internal ? t('保存备注', 'Keep the note') : t('发送', 'Send')}
            </Button>
          </div>
          {say.error && <ErrorPanel error={say.error} />}
        </Form>
      )}
    </Card>
  );
} // prettier-ignore
