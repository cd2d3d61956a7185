/** Two languages, zh-CN first. Each text stands with both at the place where it is shown: `t('订单', 'Order')`. */
import { createContext, useCallback, useContext, useState, type ReactNode } from 'react';

export type Language = 'zh-CN' | 'en';
/** Chooses the text of the language in force. */
export type Translate = (zh: string, en: string) => string;

/** A text that the server gives in both languages. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

interface I18n {
  readonly language: Language;
  readonly setLanguage: (language: Language) => void;
  readonly t: Translate;
  readonly say: (words: Words) => string;
}
const stored = 'miaofa.language';
const Context = createContext<I18n>({
  language: 'zh-CN',
  setLanguage: () => undefined,
  t: (zh) => zh,
  say: ({ zh }) => zh,
});

function initial(): Language {
  const saved = localStorage.getItem(stored);
  if (saved === 'zh-CN' || saved === 'en') return saved;
  return /^zh/i.test(navigator.language) || !navigator.language ? 'zh-CN' : 'en';
}

export function I18nProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [language, set] = useState(initial);
  const setLanguage = useCallback((next: Language) => {
    localStorage.setItem(stored, next);
    document.documentElement.lang = next;
    set(next);
  }, []);
  document.documentElement.lang = language;
  const t = useCallback<Translate>((zh, en) => (language === 'en' ? en : zh), [language]);
  const say = useCallback((words: Words) => t(words.zh, words.en), [t]);
  return <Context value={{ language, setLanguage, t, say }}>{children}</Context>;
}

export function useI18n(): I18n {
  return useContext(Context);
}
export function useT(): Translate {
  return useContext(Context).t;
}
