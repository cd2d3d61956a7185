/** What may be done to an order: buttons by its state and the person's rights, each asking what it needs. */
import { Alert, App, Button, Form, Input, Modal, Select } from 'antd';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT, type Translate } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { ConfirmReceipt } from './confirm-receipt.tsx';
import { ErrorPanel } from './states.tsx';
import { stateName } from './status.tsx';

type Work = Read<'/api/console/orders/:no/work'>;
export type ActionKind = Work['actions'][number];

interface ActionText {
  readonly label: string;
  readonly what: string;
  /** Money or goods move, or the order ends: a reason is asked for. */
  readonly noteNeeded: boolean;
  readonly danger?: boolean;
}

export function actionText(kind: ActionKind, t: Translate): ActionText {
  const texts: Record<string, ActionText> = {
    retry: {
      label: t('重试', 'Retry'),
      what: t('让系统立即再试一次自动发货。', 'Automation tries again at once.'),
      noteNeeded: false,
    },
    deliver_from_pool: {
      label: t('从卡密池发货', 'Deliver from the pool'),
      what: t('立即从卡密池取卡密发给买家，不再排队。', 'Takes keys from the pool now, past the line.'),
      noteNeeded: true,
    },
    deliver_by_hand: {
      label: t('手动发货', 'Deliver by hand'),
      what: t('粘贴卡密，提交后买家立即可见。', 'Paste the keys; the buyer sees them at once.'),
      noteNeeded: true,
    },
    choose_source: {
      label: t('更换货源', 'Other source'),
      what: t('指定从卡密池或供应商取货，然后重试。', 'Choose pool or supplier, then try again.'),
      noteNeeded: false,
    },
    confirm_payment: {
      label: t('确认收款', 'Confirm the payment'),
      what: t(
        '您确认款项已到账。此操作会触发发货，由您负责。',
        'You answer for the money being there; delivery follows.',
      ),
      noteNeeded: true,
      danger: true,
    },
    hand_over: {
      label: t('转人工', 'Hand to people'),
      what: t('停止自动发货，等待人工处理。', 'Automation stops; people take over.'),
      noteNeeded: false,
    },
    close: {
      label: t('关闭订单', 'Close'),
      what: t(
        '订单不再发货。如已收款，请另行退款。',
        'Nothing is delivered any more. Refund separately if money came.',
      ),
      noteNeeded: true,
      danger: true,
    },
  };
  return texts[kind] ?? { label: kind, what: '', noteNeeded: true };
}

export function ActionBar({ no, first }: { readonly no: string; readonly first?: ActionKind | undefined }): ReactNode {
  const may = useMay();
  const t = useT();
  const work = useRead('/api/console/orders/:no/work', { params: { no } });
  const [open, setOpen] = useState<ActionKind | undefined>(first);
  if (!may('orders.act') && !may('payments.confirm')) return null;
  if (work.error) return <ErrorPanel error={work.error} />;
  const allowed = (work.data?.actions ?? []).filter((kind) =>
    may(kind === 'confirm_payment' ? 'payments.confirm' : 'orders.act'),
  );
  return (
    <div className="row">
      {allowed.map((kind) => {
        const text = actionText(kind, t);
        return (
          <Button key={kind} danger={text.danger === true} onClick={() => setOpen(kind)}>
            {text.label}
          </Button>
        );
      })}
      {typeof work.data?.placeInLine === 'number' && (
        <span className="mute">
          {t(`排队第 ${work.data.placeInLine} 位`, `number ${work.data.placeInLine} in line`)}
        </span>
      )}
      {open && work.data && allowed.includes(open) && (
        <ActionModal no={no} kind={open} missing={work.data.missing} close={() => setOpen(undefined)} />
      )}
    </div>
  );
}

interface Fields {
  readonly note?: string;
  readonly goods?: string;
  readonly source?: string;
}

interface Acting {
  readonly no: string;
  readonly kind: ActionKind;
  readonly missing: number;
  readonly close: () => void;
}

/** The dialogue of an action. 确认收款 has its own: the provider is asked first. */
export function ActionModal(props: Acting): ReactNode {
  return props.kind === 'confirm_payment' ? (
    <ConfirmReceipt no={props.no} close={props.close} />
  ) : (
    <NotedAction {...props} />
  );
}

function NotedAction(props: Acting): ReactNode {
  const { no, kind } = props;
  const t = useT();
  const { message } = App.useApp();
  // One id per opened dialogue: pressing twice, or again after a lost answer, acts once.
  const [id] = useState(() => crypto.randomUUID());
  const act = useChange('post', '/api/console/orders/:no/actions');
  const [form] = Form.useForm<Fields>();
  const text = actionText(kind, t);
  const taken = act.error?.code === 'TASK_CLAIMED' ? nameOf(act.error.detail) : undefined;
  const save = ({ note = '', goods, source }: Fields): void => {
    const lines = (goods ?? '')
      .split('\n')
      .map((line) => line.replace(/\r$/, ''))
      .filter((line) => line !== '');
    act.mutate(
      {
        params: { no },
        body: {
          id,
          kind,
          note,
          takeOver: taken !== undefined,
          ...(kind === 'deliver_by_hand' && { goods: lines }),
          ...(kind === 'choose_source' && source !== undefined && { source }),
        },
      },
      {
        onSuccess: ({ state, workflow }) => {
          props.close();
          void message.success(
            workflow === 'answered'
              ? `${text.label}：${stateName(state, t)}`
              : t('已记录，流程恢复后自动继续', 'Kept: it goes on as soon as it can'),
          );
        },
      },
    );
  };
  return (
    <Modal
      open
      title={text.label}
      onCancel={props.close}
      onOk={() => form.submit()}
      okText={taken === undefined ? text.label : t(`接手并${text.label}`, `Take over: ${text.label}`)}
      okButtonProps={{ danger: text.danger === true || taken !== undefined, loading: act.isPending }}
      destroyOnHidden
    >
      <div className="stack">
        <div>
          {text.what} <span className="mono mute">{no}</span>
        </div>
        <Form form={form} layout="vertical" requiredMark={false} onFinish={save} initialValues={{ source: 'auto' }}>
          {kind === 'deliver_by_hand' && (
            <Form.Item
              name="goods"
              label={t(`卡密，每行一个（还需 ${props.missing} 个）`, `Keys, one a line (${props.missing} wanted)`)}
              rules={[{ required: true }]}
            >
              <Input.TextArea rows={5} autoFocus autoComplete="off" spellCheck={false} className="mono" />
            </Form.Item>
          )}
          {kind === 'choose_source' && <SourceItem />}
          <Form.Item
            name="note"
            label={
              text.noteNeeded
                ? t('原因（会记入审计）', 'Reason (kept in the audit log)')
                : t('备注（可选）', 'Note (optional)')
            }
            rules={[{ required: text.noteNeeded, message: t('请填写原因', 'Give a reason') }]}
          >
            <Input.TextArea rows={2} maxLength={500} autoFocus={kind !== 'deliver_by_hand'} />
          </Form.Item>
        </Form>
        {taken === undefined ? (
          act.error && <ErrorPanel error={act.error} />
        ) : (
          <Alert
            type="warning"
            showIcon
            title={t(`${taken} 已领取该订单的任务`, `${taken} has taken this order`)}
            description={t(
              '请先与同事确认。再次提交将接手处理，并记入审计。',
              'Ask first. Submitting again takes the order over; that is kept in the audit log.',
            )}
          />
        )}
      </div>
    </Modal>
  );
}

/** Who has it, as the refusal says. */
function nameOf(detail: unknown): string {
  const { by } = (detail ?? {}) as { by?: unknown };
  return typeof by === 'string' ? by : '';
}

function SourceItem(): ReactNode {
  const t = useT();
  const may = useMay();
  const suppliers = useRead('/api/console/suppliers', {}, { enabled: may('suppliers.read') });
  return (
    <Form.Item name="source" label={t('货源', 'Source')}>
      <Select
        options={[
          { value: 'auto', label: t('自动选择', 'Automatic') },
          { value: 'pool', label: t('卡密池', 'The pool') },
          { value: 'suppliers', label: t('全部供应商（按优先级）', 'All suppliers by priority') },
          ...(suppliers.data?.suppliers ?? []).map((s) => ({ value: `supplier:${s.id}`, label: s.name })),
        ]}
      />
    </Form.Item>
  );
}
