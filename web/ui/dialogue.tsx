/** A question with a form before something is done for good: what it does, what it needs to know, and the error if any. */
import { App, Form, Input, Modal } from 'antd';
import { useState, type ReactNode } from 'react';
import { useT } from '../i18n.tsx';
import { ErrorPanel } from './states.tsx';

interface Props<Fields extends object> {
  readonly title: string;
  readonly what: ReactNode;
  readonly ok: string;
  readonly danger?: boolean;
  readonly fresh?: Partial<Fields>;
  /** `requestId` stays the same while the dialogue is open: pressing twice acts once. */
  readonly save: (fields: Fields, requestId: string) => Promise<unknown>;
  /** Said when it is done. */
  readonly done: string;
  readonly close: () => void;
  readonly children?: ReactNode;
}

export function Dialogue<Fields extends object>(props: Props<Fields>): ReactNode {
  const { message } = App.useApp();
  const [form] = Form.useForm<Fields>();
  const [requestId] = useState(() => crypto.randomUUID());
  const [saving, setSaving] = useState(false);
  const [error, setError] = useState<unknown>();
  const save = async (fields: Fields): Promise<void> => {
    setSaving(true);
    setError(undefined);
    try {
      await props.save(fields, requestId);
      void message.success(props.done);
      props.close();
    } catch (failure) {
      setError(failure);
      setSaving(false);
    }
  };
  return (
    <Modal
      open
      title={props.title}
      onCancel={props.close}
      onOk={() => form.submit()}
      okText={props.ok}
      okButtonProps={{ danger: props.danger === true, loading: saving }}
      destroyOnHidden
    >
      <div className="stack">
        <div>{props.what}</div>
        <Form<Fields>
          form={form}
          layout="vertical"
          requiredMark={false}
          initialValues={props.fresh ?? {}}
          onFinish={(fields) => void save(fields)}
        >
          {props.children}
        </Form>
        {error !== undefined && <ErrorPanel error={error} />}
      </div>
    </Modal>
  );
}

/** Why; kept in the audit log. */
export function NoteItem({ name = 'note' }: { readonly name?: string }): ReactNode {
  const t = useT();
  return (
    <Form.Item
      name={name}
      label={t('原因（会记入审计）', 'Reason (kept in the audit log)')}
      rules={[{ required: true, whitespace: true, message: t('请填写原因', 'Give a reason') }]}
    >
      <Input.TextArea rows={2} maxLength={500} />
    </Form.Item>
  );
}
