/** Money, times and numbers as people read them. Money comes in minor units and stays whole. */
import { Tooltip } from 'antd';
import type { ReactNode } from 'react';
import { useI18n, type Language } from '../i18n.tsx';

/** ISO 4217 currencies whose minor unit is not a hundredth. */
const digitsOf: Readonly<Record<string, number>> = { JPY: 0, KRW: 0, VND: 0, KWD: 3, USDT: 6 };

/** "12.00", as it is typed. Exact: the text is made from the integer's digits. */
export function plainMoney(minor: number, currency: string): string {
  const digits = digitsOf[currency] ?? 2;
  const text = String(Math.abs(minor)).padStart(digits + 1, '0');
  const fraction = digits === 0 ? '' : `.${text.slice(-digits)}`;
  return `${minor < 0 ? '-' : ''}${text.slice(0, text.length - digits)}${fraction}`;
}

/** "¥1,200.00". */
export function money(minor: number, currency: string): string {
  const [units = '', decimals] = plainMoney(Math.abs(minor), currency).split('.');
  const whole = units.replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = decimals === undefined ? '' : `.${decimals}`;
  const sign = minor < 0 ? '-' : '';
  const symbol = currency === 'CNY' ? '¥' : currency === 'USD' ? '$' : '';
  return symbol ? `${sign}${symbol}${whole}${fraction}` : `${sign}${whole}${fraction} ${currency}`;
}

/** What was typed ("12.5") in minor units; undefined if it is no amount. */
export function parseMoney(text: string, currency: string): number | undefined {
  const digits = digitsOf[currency] ?? 2;
  const match = /^(\d{1,12})(?:\.(\d+))?$/.exec(text.trim());
  if (!match) return undefined;
  const fraction = match[2] ?? '';
  if (fraction.length > digits) return undefined;
  return Number(`${match[1] ?? ''}${fraction.padEnd(digits, '0')}`);
}

/** "3.20 s", "45 ms", "2 min". */
export function duration(ms: number | null | undefined, language: Language): string {
  if (ms === null || ms === undefined) return '—';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const zh = language === 'zh-CN';
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} ${zh ? '分钟' : 'min'}`;
  if (ms < 86_400_000) return `${(ms / 3_600_000).toFixed(1)} ${zh ? '小时' : 'h'}`;
  return `${Math.floor(ms / 86_400_000)} ${zh ? '天' : 'd'}`;
}

export function Time({
  at,
  full = false,
}: {
  readonly at: string | null | undefined;
  readonly full?: boolean;
}): ReactNode {
  const { language } = useI18n();
  if (at === null || at === undefined) return '—';
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  const short = today && !full ? date.toLocaleTimeString(language, { hour12: false }) : date.toLocaleString(language, { hour12: false, year: full ? 'numeric' : undefined, month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: full ? '2-digit' : undefined }); // prettier-ignore
  return (
    <Tooltip title={date.toLocaleString(language, { hour12: false })}>
      <time dateTime={at} className="nowrap">
        {short}
      </time>
    </Tooltip>
  );
}
