/** Light, dark, or as the system says. */
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import { ConfigProvider, theme as antdTheme } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCN from 'antd/locale/zh_CN';
import { useI18n } from './i18n.tsx';
import { nonce } from './nonce.ts';
import { Turning } from './ui/icons.tsx';
import { usePhone } from './ui/use-phone.ts';

export type ThemeChoice = 'system' | 'light' | 'dark';
const stored = 'miaofa.theme';
const Context = createContext<{ choice: ThemeChoice; dark: boolean; choose: (choice: ThemeChoice) => void }>({
  choice: 'system',
  dark: false,
  choose: () => undefined,
});

const font = `system-ui, -apple-system, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif`;

function read(): ThemeChoice {
  const saved = localStorage.getItem(stored);
  return saved === 'light' || saved === 'dark' ? saved : 'system';
}

export function ThemeProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const { language } = useI18n();
  const phone = usePhone();
  const [choice, setChoice] = useState(read);
  const [systemDark, setSystemDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const listen = (): void => setSystemDark(query.matches);
    query.addEventListener('change', listen);
    return () => query.removeEventListener('change', listen);
  }, []);
  const dark = choice === 'dark' || (choice === 'system' && systemDark);
  useEffect(() => {
    document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  }, [dark]);
  const choose = (next: ThemeChoice): void => {
    localStorage.setItem(stored, next);
    setChoice(next);
  };
  return (
    <Context value={{ choice, dark, choose }}>
      <ConfigProvider
        locale={language === 'en' ? enUS : zhCN}
        csp={{ nonce }}
        // antd's own goes with an animation whose end a busy machine may miss: unseen, it is read out for ever.
        button={{ loadingIcon: <Turning label={language === 'en' ? 'Working' : '正在处理'} /> }}
        theme={{
          algorithm: dark ? antdTheme.darkAlgorithm : antdTheme.defaultAlgorithm,
          components: {
            Menu: {
              itemSelectedBg: dark ? '#12332f' : '#dff3ef',
              itemSelectedColor: dark ? '#5eead4' : '#0f766e',
              itemHeight: 38,
            },
            Progress: { defaultColor: '#0f766e' },
          },
          token: {
            colorInfo: '#0f766e',
            // What antd derives of so dark a green is a muddy grey.
            ...(dark ? { colorInfoBg: '#12332f', colorInfoBorder: '#1f5a52', colorPrimaryBg: '#12332f', colorPrimaryBgHover: '#17423c' } : { colorInfoBg: '#e6f5f2', colorInfoBorder: '#9fd5cb', colorPrimaryBg: '#e6f5f2', colorPrimaryBgHover: '#d3ece7' }), // prettier-ignore
            colorPrimary: '#0f766e',
            colorLink: dark ? '#5eead4' : '#0f766e',
            borderRadius: 8,
            // For a thumb.
            ...(phone && { controlHeight: 42, controlHeightSM: 36 }),
            fontFamily: font,
            // Secondary text must be read by everybody: 4.5:1 on our backgrounds.
            ...(dark ? { colorTextDescription: 'rgba(255,255,255,0.65)', colorTextTertiary: 'rgba(255,255,255,0.6)', colorTextPlaceholder: 'rgba(255,255,255,0.6)' } : { colorTextDescription: 'rgba(0,0,0,0.62)', colorTextTertiary: 'rgba(0,0,0,0.6)', colorTextPlaceholder: 'rgba(0,0,0,0.55)' }), // prettier-ignore
          },
        }}
      >
        {children}
      </ConfigProvider>
    </Context>
  );
}

export function useThemeChoice(): { choice: ThemeChoice; dark: boolean; choose: (choice: ThemeChoice) => void } {
  return useContext(Context);
}
