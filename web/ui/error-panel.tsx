/** An error with its cause and its next step. The door shows it too: it takes nothing that only screens need. */
import { Alert, Button } from 'antd';
import type { ReactNode } from 'react';
import { ApiError } from '../api/client.ts';
import { useI18n, useT } from '../i18n.tsx';

/** Cause, next step, and what is specific, in the reader's language. */
export function useErrorText(): (error: unknown) => { cause: string; next: string; detail: string; code: string } {
  const { language, t } = useI18n();
  return (error) => {
    if (!(error instanceof ApiError)) {
      return { cause: t('页面出现错误', 'The page failed'), next: t('请刷新页面', 'Reload the page'), detail: String(error), code: 'PAGE' }; // prettier-ignore
    }
    const { cause, next } = language === 'en' ? error.en : error.zh;
    return { cause, next, detail: detailText(error, t), code: error.code };
  };
}

function detailText({ detail, code }: ApiError, t: (zh: string, en: string) => string): string {
  if (typeof detail !== 'object' || detail === null) return '';
  const known = detail as { waitSeconds?: number; last?: { by?: string }; needs?: string; ordered?: string[] };
  if (known.waitSeconds !== undefined) return t(`请等待 ${known.waitSeconds} 秒`, `Wait ${known.waitSeconds} seconds`);
  if (known.last?.by !== undefined) return t(`已由 ${known.last.by} 处理`, `${known.last.by} acted first`);
  if (known.ordered && known.ordered.length > 0) return t(`已有订单或已售卡密：${known.ordered.join('、')}`, `Ordered or sold: ${known.ordered.join(', ')}`); // prettier-ignore
  if (code === 'BAD_REQUEST' || code === 'ACCOUNT_CONFIG_INVALID') return fieldProblems(detail, t);
  return '';
}

function fieldProblems(detail: object, t: (zh: string, en: string) => string): string {
  if (!Array.isArray(detail)) return '';
  return (detail as { field?: string; problem?: string; zh?: string; en?: string }[])
    .map((d) => `${(d.field ?? '').replace(/^body\./, '')}: ${t(d.zh ?? d.problem ?? '', d.en ?? d.problem ?? '')}`)
    .join('; ');
}

export function ErrorPanel({ error, retry }: { readonly error: unknown; readonly retry?: () => void }): ReactNode {
  const t = useT();
  const text = useErrorText()(error);
  if (error instanceof ApiError && error.code === 'FORBIDDEN') {
    return (
      <Alert
        type="warning"
        showIcon
        title={t('没有权限', 'Not allowed')}
        description={t('您的账号不能查看此内容，请联系店主开通。', 'Your account may not see this; ask an owner.')}
      />
    );
  }
  const requestId = error instanceof ApiError ? error.requestId : undefined;
  return (
    <Alert
      type="error"
      showIcon
      title={text.cause}
      description={
        <>
          {text.detail && <div>{text.detail}</div>}
          <div>{text.next}</div>
          <span className="mute">{text.code}</span>
          {requestId !== undefined && (
            <Button type="link" size="small" onClick={() => void navigator.clipboard.writeText(requestId)}>
              {t('复制请求编号', 'Copy the request id')}
            </Button>
          )}
        </>
      }
      action={
        retry && (
          <Button size="small" onClick={retry}>
            {t('重试', 'Try again')}
          </Button>
        )
      }
    />
  );
}
