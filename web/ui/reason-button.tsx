/** A button for what must be answered for: it asks why, and the reason goes into the audit log. */
import { App, Button, Input, Popconfirm } from 'antd';
import { useState, type ReactNode } from 'react';
import { useT } from '../i18n.tsx';
import { useErrorText } from './states.tsx';

export function ReasonButton(props: {
  readonly label: string;
  readonly title: string;
  readonly what?: string;
  readonly danger?: boolean;
  /** Rejects with what the server said. */
  readonly act: (reason: string) => Promise<unknown>;
}): ReactNode {
  const t = useT();
  const { message } = App.useApp();
  const errorText = useErrorText();
  const [reason, setReason] = useState('');
  const confirm = async (): Promise<void> => {
    try {
      await props.act(reason.trim());
      setReason('');
    } catch (error) {
      const text = errorText(error);
      void message.error(`${text.cause}。${text.detail || text.next}`);
    }
  };
  return (
    <Popconfirm
      title={props.title}
      description={
        <div className="stack">
          {props.what}
          <Input
            aria-label={t('原因（会记入审计）', 'Reason (kept in the audit log)')}
            placeholder={t('原因（会记入审计）', 'Reason (kept in the audit log)')}
            value={reason}
            maxLength={500}
            onChange={(e) => setReason(e.target.value)}
          />
        </div>
      }
      okButtonProps={{ disabled: reason.trim().length < 2, danger: props.danger === true }}
      onConfirm={() => void confirm()}
    >
      <Button size="small" danger={props.danger === true}>
        {props.label}
      </Button>
    </Popconfirm>
  );
}
