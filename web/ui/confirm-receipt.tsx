/** 确认收款: the provider is asked first; against its word a person answers for the money on purpose. */
import { Alert, App, Form, Modal } from 'antd';
import { useState, type ReactNode } from 'react';
import { useChange } from '../api/hooks.ts';
import type { Output, RouteOf } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { NoteItem } from './dialogue.tsx';
import { money } from './format.tsx';
import { answerName } from './money-words.ts';
import { ErrorPanel } from './states.tsx';
import { stateName } from './status.tsx';

type Said = Output<RouteOf<'post', '/api/console/orders/:no/confirm-payment'>>;

export function ConfirmReceipt({ no, close }: { readonly no: string; readonly close: () => void }): ReactNode {
  const t = useT();
  const { message } = App.useApp();
  const [form] = Form.useForm<{ readonly note: string }>();
  const [requestId] = useState(() => crypto.randomUUID());
  const confirm = useChange('post', '/api/console/orders/:no/confirm-payment');
  // What the provider said stays on the screen while the person's own word is on its way.
  const [said, setSaid] = useState<Said>();
  const against = said !== undefined;
  const taken = confirm.error?.code === 'TASK_CLAIMED';
  const save = ({ note }: { readonly note: string }): void => {
    confirm.mutate(
      { params: { no }, body: { requestId, note, despite: against, takeOver: taken } },
      {
        onSuccess: (answer) => {
          const { confirmed, state } = answer;
          if (confirmed === 'no') {
            setSaid(answer);
            return;
          }
          close();
          const by =
            confirmed === 'by_provider'
              ? t('支付平台确认已到账', 'The provider confirms the money')
              : t('已人工确认收款', 'Confirmed by hand');
          void message.success(`${by}：${stateName(state, t)}`);
        },
      },
    );
  };
  const paid =
    said && said.amountMinor !== null && said.currency !== null ? money(said.amountMinor, said.currency) : '';
  return (
    <Modal
      open
      title={t('确认收款', 'Confirm the payment')}
      onCancel={close}
      onOk={() => form.submit()}
      okText={against ? t('仍然确认收款', 'Confirm all the same') : t('查询并确认', 'Ask, then confirm')}
      okButtonProps={{ danger: against, loading: confirm.isPending }}
      destroyOnHidden
    >
      <div className="stack">
        <div>
          {t(
            '系统先向支付平台查询；平台确认到账即发货。平台没有确认时，由您核对后决定。',
            'The provider is asked first; if it confirms, the goods go out. If it does not, you decide.',
          )}
        </div>
        {said && (
          <Alert
            type="warning"
            showIcon
            title={`${answerName(said.answer, t)} ${paid}`}
            description={
              <>
                {said.detail !== null && <div className="mono">{said.detail}</div>}
                {t(
                  '请先在支付平台或银行核对。仍然确认会触发发货，由您负责。',
                  'Check with the provider or the bank. Confirming all the same delivers, and you answer for it.',
                )}
              </>
            }
          />
        )}
        <Form form={form} layout="vertical" requiredMark={false} onFinish={save}>
          <NoteItem />
        </Form>
        {confirm.error && <ErrorPanel error={confirm.error} />}
        {taken && <div>{t('再次确认即接手处理。', 'Confirm again to take it over.')}</div>}
      </div>
    </Modal>
  );
}
