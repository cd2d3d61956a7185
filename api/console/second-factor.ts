/** Two-step verification: TOTP (RFC 6238, 30 s, six digits), each code once, and ten recovery codes, each once. */
import { randomBytes } from 'node:crypto';
import { generateSecret, generateURI, verify } from 'otplib';
import { enableTotp, setPendingTotp, useRecoveryCode, useTotpStep, type StaffSecrets } from '../../db/sign-in.ts';
import type { Pool } from '../../db/sql.ts';
import { secretAad, type Keyring } from '../../integrations/keyring/keyring.ts';
import { sha256 } from '../authenticate.ts';

export interface SecondFactor {
  begin(person: StaffSecrets): Promise<{ secret: string; uri: string }>;
  /** The recovery codes, or undefined if the code does not fit the secret that `begin` gave. */
  confirm(person: StaffSecrets, code: string): Promise<string[] | undefined>;
  fits(person: StaffSecrets, code: string): Promise<boolean>;
}

const digits = /^\d{6}$/;
const plain = (code: string): string => code.replace(/[\s-]/g, '').toLowerCase();
/** 80 random bits as 16 letters and digits in groups: enough for a plain hash (ASVS 6.5.2). */
function recoveryCode(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz234567890';
  return [...randomBytes(16)].map((byte, i) => (i > 0 && i % 4 === 0 ? '-' : '') + letters.charAt(byte % 32)).join('');
}

export function createSecondFactor(pool: Pool, keyring: Keyring): SecondFactor {
  const open = (person: StaffSecrets, sealed: Buffer): string =>
    keyring.open('secret', sealed, secretAad('staff', person.id)).toString('utf8');
  /** The time step that the code belongs to; one step of clock difference is forgiven. */
  const stepOf = async (secret: string, code: string): Promise<number | undefined> => {
    const result = await verify({ secret, token: code, epochTolerance: 30 });
    return result.valid ? Math.floor(Date.now() / 30_000) + result.delta : undefined;
  };
  return {
    async begin(person) {
      const secret = generateSecret();
      await setPendingTotp(pool, person.id, keyring.seal('secret', secret, secretAad('staff', person.id)));
      return { secret, uri: generateURI({ issuer: '秒发 Miaofa', label: person.login, secret }) };
    },
    async confirm(person, code) {
      if (!person.totpPending || !digits.test(plain(code))) return undefined;
      const step = await stepOf(open(person, person.totpPending), plain(code));
      if (step === undefined) return undefined;
      const codes = Array.from({ length: 10 }, recoveryCode);
      await enableTotp(pool, person.id, step, codes.map((c) => sha256(plain(c)))); // prettier-ignore
      return codes;
    },
    async fits(person, given) {
      const code = plain(given);
      if (!person.totpSecret) return true;
      if (!digits.test(code)) return (await useRecoveryCode(pool, person.id, sha256(code))) !== undefined;
      const step = await stepOf(open(person, person.totpSecret), code);
      return step !== undefined && (await useTotpStep(pool, person.id, step));
    },
  };
}
