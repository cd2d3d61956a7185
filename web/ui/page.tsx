/** The head of a screen: its name, what it is for, its main button. */
import { useEffect, type ReactNode } from 'react';
import { useI18n } from '../i18n.tsx';

export function Page(props: {
  readonly title: string;
  readonly why?: string | undefined;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}): ReactNode {
  const { t } = useI18n();
  useEffect(() => {
    document.title = `${props.title} · ${t('秒发', 'Miaofa')}`;
  }, [props.title, t]);
  return (
    <>
      <div className="page-head">
        <h1>{props.title}</h1>
        <span className="grow" />
        {props.actions}
        {props.why !== undefined && <div className="why">{props.why}</div>}
      </div>
      <div className="stack">{props.children}</div>
    </>
  );
}
