/** Raw notifications as people may see them: signatures, sealed contents and what names a buyer are masked. */

const secretName =
  /^(sign|signature|key|token|secret|authorization|ciphertext|buyer\w*|payer\w*|openid|sub_openid|customer\w*|email|receipt_email|billing\w*|phone|name|stripe-signature|wechatpay-signature|webhook-signature|miaofa-sandbox-signature)$/i;
const mask = '••••';

function maskValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, secretName.test(key) ? mask : maskValue(inner)]),
  );
}

/** A form or a JSON text. What is neither shows as its length only. */
export function maskRaw(text: string): string {
  if (text === '') return '';
  try {
    return JSON.stringify(maskValue(JSON.parse(text)), null, 2);
  } catch {
    // not JSON
  }
  if (!/^[\w.%-]{1,64}=/.test(text)) return `(${text.length} characters)`;
  return text
    .split('&')
    .map((part) => {
      const [key = ''] = part.split('=', 1);
      return secretName.test(key) ? `${key}=${mask}` : part;
    })
    .join('&');
}

export function maskHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([key, value]) => [key, secretName.test(key) ? mask : String(value)]),
  );
}
