/** What a password must be: long, and not one that everybody tries first. No rules of composition (ASVS 6.2.5). */

export const passwordLength = { min: 10, max: 128 } as const;

// Of ten characters or more; shorter ones fail by length.
const common = [
  '1234567890',
  '0123456789',
  '9876543210',
  '0987654321',
  '1q2w3e4r5t',
  'qwertyuiop',
  'q1w2e3r4t5',
  '1qaz2wsx3edc',
  'zaq12wsxcde3',
  'qwerty1234',
  'qwerty12345',
  'qwerty123456',
  'password12',
  'password123',
  'password1234',
  'passw0rd123',
  'p@ssword123',
  'p@ssw0rd123',
  'admin12345',
  'admin123456',
  'administrator',
  'woaini1314',
  'woaini520520',
  'woaini1314520',
  'a123456789',
  'a1234567890',
  'aa123456789',
  'abc1234567',
  'abcd123456',
  'abcde12345',
  'asdfghjkl1',
  'asdfghjkl;',
  'asd123456789',
  'iloveyou123',
  'letmein123',
  'welcome123',
  '1234567891',
  '12345678910',
  '123456789a',
  '123456789abc',
  'miaofa1234',
  'miaofa123456',
  '5201314520',
  '1314520520',
];

/** Why this password is refused, or undefined. `login` and names may not be it. */
export function passwordProblem(
  password: string,
  own: readonly string[],
): 'short' | 'long' | 'common' | 'own' | undefined {
  const length = Array.from(password).length;
  if (length < passwordLength.min) return 'short';
  if (length > passwordLength.max) return 'long';
  const lower = password.toLowerCase();
  if (common.includes(lower) || new Set(lower).size < 4) return 'common';
  if (own.some((word) => word.length >= 3 && lower.replace(/[\d\W_]+$/, '') === word.toLowerCase())) return 'own';
  return undefined;
}
