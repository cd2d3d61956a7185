/** zh-CN and English by the browser, or by choice; money from integers. */
const saved = localStorage.getItem('miaofa.language');
export const chinese = saved ? saved === 'zh-CN' : /^zh/i.test(navigator.language || 'zh');
document.documentElement.lang = chinese ? 'zh-CN' : 'en';

export const t = (zh: string, en: string): string => (chinese ? zh : en);

export function changeLanguage(): void {
  localStorage.setItem('miaofa.language', chinese ? 'en' : 'zh-CN');
  location.reload();
}

export function money(minor: number, currency: string): string {
  const digits = currency === 'JPY' || currency === 'KRW' ? 0 : currency === 'USDT' ? 6 : 2;
  const text = String(minor).padStart(digits + 1, '0');
  const amount = digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
  return currency === 'CNY' ? `¥${amount}` : currency === 'USD' ? `$${amount}` : `${amount} ${currency}`;
}

/** "11-24 14:05" of the reader's own clock. */
export function time(iso: string): string {
  return new Date(iso).toLocaleString(chinese ? 'zh-CN' : 'en', { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false }); // prettier-ignore
}
