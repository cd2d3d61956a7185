/** Keys that work on every screen: `/` searches, `g` and a letter goes to a screen, `?` lists them all. */
import { Modal } from 'antd';
import { useLocation, useNavigate } from '@tanstack/react-router';
import { useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import { useT } from '../i18n.tsx';
import { isTaken } from '../ui/keys.ts';
import { menu, type MenuItem } from './menu.ts';
import { useMay } from './session.ts';

const places: Readonly<Record<string, string>> = {
  h: '/',
  m: '/monitor',
  o: '/orders',
  q: '/queue',
  c: '/cases',
  p: '/products',
  k: '/cards',
  r: '/received',
};
const prefixMs = 1_500;
const field = 'main [role="search"] input:not([role="combobox"])';

/** Into the search field, as soon as the screen has one. */
function focusSearch(frames = 120): void {
  const input = document.querySelector<HTMLInputElement>(field);
  if (input) input.focus();
  else if (frames > 0) requestAnimationFrame(() => focusSearch(frames - 1));
}

export function Shortcuts(): ReactNode {
  const navigate = useNavigate();
  const may = useMay();
  const [help, setHelp] = useState(false);
  const reach = (key: string): MenuItem | undefined => {
    const item = menu.flatMap((group) => group.items).find(({ path }) => path === places[key]);
    return item && (item.right === undefined || may(item.right)) ? item : undefined;
  };
  const act = (key: string, afterG: boolean): boolean => {
    const item = afterG ? reach(key) : undefined;
    if (item) void navigate({ to: item.path });
    else if (key === '?') setHelp(true);
    else if (key === '/') {
      if (!document.querySelector(field) && may('orders.read')) void navigate({ to: '/orders' });
      focusSearch();
    } else return afterG;
    return true;
  };
  const latest = useRef(act);
  useLayoutEffect(() => {
    latest.current = act;
  });
  useLayoutEffect(() => {
    let since = -Infinity;
    const listen = (event: KeyboardEvent): void => {
      if (isTaken(event) || event.key === 'Shift') return;
      const afterG = event.timeStamp - since < prefixMs;
      since = event.key === 'g' ? event.timeStamp : -Infinity;
      if (event.key !== 'g' && !latest.current(event.key, afterG)) return;
      // Before the keys of the screen: "g p" is not its "p".
      event.preventDefault();
      event.stopPropagation();
    };
    document.addEventListener('keydown', listen, true);
    return () => document.removeEventListener('keydown', listen, true);
  }, []);
  return help && <Help reach={reach} close={() => setHelp(false)} />;
}

function Help(props: { readonly reach: (key: string) => MenuItem | undefined; readonly close: () => void }): ReactNode {
  const t = useT();
  const { pathname } = useLocation();
  const queue: readonly (readonly [string, string])[] = [
    ['j / k', t('下一个 / 上一个', 'next / previous')],
    ['Enter', t('打开订单', 'open the order')],
    ['c', t('领取', 'take')],
    ['d', t('手动发货', 'deliver by hand')],
    ['p', t('从卡密池发货', 'deliver from the pool')],
    ['r', t('重试', 'retry')],
    ['x', t('关闭订单', 'close the order')],
  ];
  const everywhere: readonly (readonly [string, string])[] = [
    ['/', t('搜索', 'search')],
    ...Object.keys(places).flatMap((key): [string, string][] => {
      const item = props.reach(key);
      return item ? [[`g ${key}`, t(item.zh, item.en)]] : [];
    }),
    ['?', t('显示快捷键', 'show this')],
  ];
  const list = (title: string, keys: readonly (readonly [string, string])[]): ReactNode => (
    <section>
      <h3>{title}</h3>
      <dl className="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd className="mono">{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
  return (
    <Modal open title={t('快捷键', 'Keys')} footer={null} onCancel={props.close}>
      <div className="grid">
        {pathname === '/queue' && list(t('人工处理', 'Work queue'), queue)}
        {list(t('所有页面', 'Every screen'), everywhere)}
      </div>
    </Modal>
  );
}
