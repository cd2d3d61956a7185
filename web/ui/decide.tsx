/** The dialogue of a decision: what it does, what the buyer is told, which keys, how much. */
import { Alert, Checkbox, Form, Input, Modal } from 'antd';
import { useState, type ReactNode } from 'react';
import { useChange } from '../api/hooks.ts';
import { useT } from '../i18n.tsx';
import { decisionText, type Decision, type Whole } from './case-words.tsx';
import { money, parseMoney } from './format.tsx';
import { ErrorPanel } from './states.tsx';

interface Fields {
  readonly text?: string;
  readonly amount?: string;
  readonly cards?: number[];
}

export function DecisionModal(props: {
  readonly file: Whole;
  readonly decision: Decision;
  readonly close: () => void;
}): ReactNode {
  const { file, decision } = props;
  const t = useT();
  // One id per dialogue: pressing twice, or again after a lost answer, decides once.
  const [id] = useState(() => crypto.randomUUID());
  const decide = useChange('post', '/api/console/cases/:no/decision');
  const [form] = Form.useForm<Fields>();
  const { label, what } = decisionText(decision, t);
  const { payment, keys } = file;
  const currency = payment?.currency ?? 'CNY';
  const left = payment ? payment.amountMinor - payment.refundedMinor : 0;
  const named = keys.filter((key) => key.named).map((key) => key.id);
  const toldNeeded = decision === 'answer' || decision === 'refuse';
  const save = ({ text = '', amount = '', cards = [] }: Fields): void => {
    const amountMinor = amount === '' ? undefined : parseMoney(amount, currency);
    decide.mutate(
      {
        params: { no: file.case.no },
        body: {
          id,
          decision,
          ...(text.trim() !== '' && { text: text.trim() }),
          ...(decision === 'refund' && amountMinor !== undefined && { amountMinor }),
          ...(decision === 'replace' && keys.length > 1 && { cards }),
        },
      },
      { onSuccess: props.close },
    );
  };
  const amountRule = (_: unknown, value = ''): Promise<void> => {
    const minor = value === '' ? left : parseMoney(value, currency);
    return minor !== undefined && minor > 0 && minor <= left
      ? Promise.resolve()
      : Promise.reject(new Error(t(`请输入不超过 ${money(left, currency)} 的金额`, `An amount up to ${money(left, currency)}`))); // prettier-ignore
  };
  return (
    <Modal
      open
      title={label}
      onCancel={props.close}
      onOk={() => form.submit()}
      okText={label}
      okButtonProps={{ danger: decision === 'refuse', loading: decide.isPending }}
      destroyOnHidden
    >
      <div className="stack">
        <div>{what}</div>
        {decision === 'refund' && payment?.refunds === 'by_hand' && (
          <Alert
            type="warning"
            showIcon
            title={t('该支付平台不能自动退款', 'This provider does not refund by itself')}
            description={t('请在其后台手动退款，然后在“退款”中标记完成，工单随之结束。', 'Refund at the provider, then mark the refund as done; the case ends with it.')} // prettier-ignore
          />
        )}
        <Form<Fields>
          form={form}
          layout="vertical"
          requiredMark={false}
          onFinish={save}
          initialValues={{ cards: named.length > 0 ? named : keys.map((key) => key.id) }}
        >
          {decision === 'replace' && keys.length > 1 && (
            <Form.Item
              name="cards"
              label={t('更换哪些（按买家看到的顺序）', 'Which ones, as the buyer counts them')}
              rules={[{ required: true, message: t('请至少选择一个', 'Choose at least one') }]}
            >
              <Checkbox.Group
                options={keys.map((key) => ({
                  value: key.id,
                  label: key.named ? t(`第 ${key.line} 个（买家指出）`, `No. ${key.line} (named by the buyer)`) : t(`第 ${key.line} 个`, `No. ${key.line}`),
                }))}
              />
            </Form.Item>
          )}
          {decision === 'refund' && (
            <Form.Item
              name="amount"
              label={t(`金额（留空为全部，${money(left, currency)}）`, `Amount (empty: all of ${money(left, currency)})`)}
              rules={[{ validator: amountRule }]}
            >
              <Input inputMode="decimal" style={{ width: 160 }} disabled={payment?.refunds === 'whole_by_provider'} />
            </Form.Item>
          )}
          <Form.Item
            name="text"
            label={toldNeeded ? t('告诉买家', 'Told to the buyer') : t('告诉买家（可选）', 'Told to the buyer (optional)')}
            rules={[{ required: toldNeeded, whitespace: toldNeeded, message: t('请填写内容', 'Write something') }]}
          >
            <Input.TextArea rows={3} maxLength={4000} autoFocus />
          </Form.Item>
        </Form>
        {decide.error && <ErrorPanel error={decide.error} />}
      </div>
    </Modal>
  );
} // prettier-ignore
