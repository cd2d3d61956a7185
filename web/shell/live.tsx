/**
 * One stream of changes per tab (browsers allow six connections per host): its events carry ids only, and what is on the
 * screen is read again, by the normal routes with their rights. While the tab is hidden the stream is closed.
 */
import { useQueryClient } from '@tanstack/react-query';
import { Tooltip } from 'antd';
import { createContext, useContext, useEffect, useRef, useState, type ReactNode } from 'react';
import { useI18n, useT } from '../i18n.tsx';

interface LiveState {
  readonly up: boolean;
  readonly at: Date | undefined;
}
const Context = createContext<LiveState>({ up: false, at: undefined });
/** Reads at most this often, however fast the shop sells. */
const pauseMs = 1_500;

export function LiveProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>({ up: true, at: undefined });
  const due = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    let source: EventSource | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    const refresh = (): void => {
      due.current ??= setTimeout(() => {
        due.current = undefined;
        void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== '/api/console/session' });
      }, pauseMs);
    };
    const open = (): void => {
      source = new EventSource('/api/console/events');
      source.addEventListener('open', () => {
        setState({ up: true, at: new Date() });
        refresh();
      });
      source.addEventListener('change', refresh);
      source.addEventListener('lost', refresh);
      source.addEventListener('clock', () => setState({ up: true, at: new Date() }));
      source.addEventListener('error', () => {
        setState((old) => ({ ...old, up: false }));
        // The browser comes again by itself after a cut line, but not after an answer that is no stream (502 in a deploy).
        if (source?.readyState === EventSource.CLOSED) again = setTimeout(follow, 3_000 + Math.random() * 4_000);
      });
    };
    const follow = (): void => {
      clearTimeout(again);
      source?.close();
      source = undefined;
      if (document.visibilityState === 'visible') open();
    };
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      source?.close();
      clearTimeout(again);
      clearTimeout(due.current);
      due.current = undefined;
    };
  }, [client]);
  return <Context value={state}>{children}</Context>;
}

/** Green while changes arrive by themselves; red when what is shown may be old. */
export function LiveDot(): ReactNode {
  const { up, at } = useContext(Context);
  const { language } = useI18n();
  const t = useT();
  const time = at?.toLocaleTimeString(language) ?? '—';
  return (
    <Tooltip
      title={
        up
          ? t('数据自动更新', 'Changes arrive by themselves')
          : t('连接已断开，正在重连；显示的可能不是最新数据', 'The stream is down; what you see may be old')
      }
    >
      <span className={up ? 'live' : 'live down'} role="status">
        <i />
        <span>{up ? time : t('已断开', 'offline')}</span>
      </span>
    </Tooltip>
  );
}
