/** What the imports of keys and of products share: sending a file that may break off, following it, its failure in words. */
import { Alert } from 'antd';
import { useState, type ReactNode } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import { ApiError, ask } from '../api/client.ts';
import { useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n } from '../i18n.tsx';

export type Import = Read<'/api/console/imports/:id'>;

const pauseMs = 3_000;
const tries = 12;

/** Sends a file; a connection that breaks is taken up where it broke. Undefined, or what went wrong in the end. */
export async function sendFile(id: number, file: File): Promise<ApiError | undefined> {
  let from = 0;
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(`/api/console/imports/${id}/file?from=${from}`, {
      method: 'PUT',
      body: file.slice(from),
      credentials: 'same-origin',
      headers: { 'content-type': 'application/octet-stream' },
    }).catch(() => undefined);
    if (response?.ok) return undefined;
    const data = (await response?.json().catch(() => undefined)) as { error?: Partial<ApiError> } | undefined;
    const error = new ApiError(response?.status ?? 0, data?.error ?? {});
    // The server is away, or still holds the line that broke open.
    const passing = !response || response.status >= 500 || error.code === 'IMPORT_UPLOADING';
    if ((!passing && error.code !== 'IMPORT_PLACE') || attempt === tries) return error;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const row = await ask('get', '/api/console/imports/:id', { params: { id } }).catch(() => undefined);
    if (row && row.state !== 'receiving') return row.state === 'cancelled' ? error : undefined;
    if (row) from = row.bytes;
  }
}

const resting = ['done', 'failed', 'cancelled', 'expired', 'ready'];

/** An import, read again while it moves; `refresh` after something was asked of it. */
export function useImport(id: number): { readonly item: UseQueryResult<Import>; readonly refresh: () => void } {
  const [settled, setSettled] = useState(false);
  const item = useRead('/api/console/imports/:id', { params: { id } }, { refetchInterval: settled ? false : 600 });
  const now = item.data?.id === id && resting.includes(item.data.state);
  if (now !== settled) setSettled(now);
  return { item, refresh: () => setSettled(false) };
}

export function importStateName(state: Import['state'], t: (zh: string, en: string) => string): string {
  const names: Record<Import['state'], string> = {
    receiving: t('等待文件', 'Waiting for its file'),
    received: t('正在检查', 'Being checked'),
    ready: t('待确认', 'To be confirmed'),
    confirmed: t('正在导入', 'Being imported'),
    done: t('已导入', 'Imported'),
    failed: t('失败', 'Failed'),
    cancelled: t('已取消', 'Cancelled'),
    expired: t('已过期', 'Expired'),
  };
  return names[state];
}

export function ImportFailure({ item }: { readonly item: Import }): ReactNode {
  const { t, language } = useI18n();
  const titles: Record<string, string> = {
    failed: t('导入失败', 'The import failed'),
    cancelled: t('已取消', 'Cancelled'),
    expired: t('24 小时内未确认，已丢弃', 'Not confirmed within 24 hours: dropped'),
  };
  const words = item.failure?.[language === 'en' ? 'en' : 'zh'];
  return (
    <Alert
      type={item.state === 'failed' ? 'error' : 'info'}
      showIcon
      title={words?.cause ?? titles[item.state] ?? item.state}
      description={words?.next}
    />
  );
}
