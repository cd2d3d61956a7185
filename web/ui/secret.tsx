/** Something that is shown once: a key, a secret, a link. */
import { App, Typography } from 'antd';
import { useT } from '../i18n.tsx';

export function useSecret(): (title: string, warning: string, secret: string) => void {
  const { modal } = App.useApp();
  const t = useT();
  return (title, warning, secret) => {
    modal.success({
      title,
      width: 560,
      okText: t('我已保存', 'I have saved it'),
      // A click beside it must not lose what cannot be shown again.
      mask: { closable: false },
      keyboard: false,
      content: (
        <>
          <p>{warning}</p>
          <Typography.Text copyable className="mono">
            {secret}
          </Typography.Text>
        </>
      ),
    });
  };
}
