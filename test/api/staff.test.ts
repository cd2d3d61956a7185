import assert from 'node:assert/strict';
import { createAttempts } from '../../api/console/attempts.ts';
import { KnownError } from '../../domain/errors.ts';
import { generate } from 'otplib';
import { makeLink } from '../../api/console/link.ts';
import { actors } from '../../db/locks.ts';
import { sealAudit, verifyAudit } from '../../db/audit.ts';
import { clientOf, signedIn, type StaffClient } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';

interface Problem {
  error: { code: string; detail?: { waitSeconds?: number } };
}

describe('E6: accounts of the console', function () {
  this.timeout(60_000);
  let system: System;
  let visitor: StaffClient;
  before(async () => {
    system = await startSystem();
    visitor = clientOf(system.base, '');
  });
  after(() => system.stop());

  const firstLink = (): Promise<string> => makeLink(system.parts.pool, system.base, null, actors.commandLine);
  const tokenOf = (link: string): string => new URL(link).hash.slice(1);
  const problem = async (response: Response): Promise<Problem['error']> => ((await response.json()) as Problem).error;
  const sessionOf = (response: Response): StaffClient =>
    clientOf(system.base, response.headers.getSetCookie()[0]?.split(';')[0] ?? '');
  const password = 'correct horse battery';
  const signIn = (login: string, secret: string, code?: string): Promise<Response> =>
    visitor.ask('POST', '/api/console/session', { login, password: secret, ...(code && { code }) });
  let owner: StaffClient;

  it('there is no default account: a fresh installation lets nobody in', async () => {
    assert.deepEqual(await visitor.json('GET', '/api/console/session'), { me: null, live: false, firstStart: true });
    for (const [login, secret] of [
      ['admin', 'admin'],
      ['admin', 'admin123456'],
      ['root', 'root'],
    ] as const)
      // prettier-ignore
      assert.equal((await problem(await signIn(login, secret))).code, 'LOGIN_FAILED');
  });

  it('the link of the first start makes the owner once; a weak password, a second use, a stranger are refused', async () => {
    const older = tokenOf(await firstLink());
    const token = tokenOf(await firstLink());
    const use = (t: string, secret: string): Promise<Response> =>
      visitor.ask('POST', '/api/console/setup', { token: t, password: secret, login: 'Boss', name: '老板' });
    assert.equal((await problem(await use(older, password))).code, 'SETUP_LINK_INVALID', 'a newer link replaces it');
    for (const weak of ['short', '1234567890', 'aaaaaaaaaaaaaa', 'boss123456'])
      assert.equal((await problem(await use(token, weak))).code, 'PASSWORD_WEAK', weak);
    const answers = await Promise.all([use(token, password), use(token, password)]);
    assert.deepEqual(answers.map((a) => a.status).sort(), [200, 403], 'two at once: one owner');
    owner = sessionOf(answers.find((a) => a.status === 200)!);
    const set = answers.find((a) => a.status === 200)!.headers.getSetCookie()[0] ?? '';
    assert.match(set, /HttpOnly/);
    assert.match(set, /SameSite=Lax/);
    const { me } = await owner.json<{ me: { login: string; role: string } }>('GET', '/api/console/session');
    assert.deepEqual([me.login, me.role], ['boss', 'owner']);
    const late = tokenOf(await firstLink());
    assert.equal((await use(late, password)).status, 403, 'with an owner no such link works');
  });

  it('unknown login and wrong password look the same; failures lock in words with the wait, others are not locked', async () => {
    const codes: string[] = [];
    for (const login of ['boss', 'nobody-here']) {
      for (let i = 0; i < 6; i++) codes.push((await problem(await signIn(login, 'wrong password'))).code);
      const locked = await problem(await signIn(login, password));
      assert.equal(locked.code, 'LOGIN_LOCKED', 'also the right password waits');
      assert.ok((locked.detail?.waitSeconds ?? 0) > 0);
    }
    assert.deepEqual(codes.slice(0, 6), codes.slice(6));
    await system.parts.pool.query('delete from sign_in_failures');
    assert.equal((await signIn('BOSS ', password)).status, 200);
  });

  it('a hundred guesses at once get no more than the free attempts', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => signIn('nobody-at-all', 'guess guess')));
    const codes = await Promise.all(answers.map(async (a) => (await problem(a)).code));
    assert.ok(codes.filter((c) => c === 'LOGIN_FAILED').length <= 6, codes.join());
    await system.parts.pool.query('delete from sign_in_failures');
  });

  it('E6: who keeps failing at a login does not keep its owner out of a browser they know; that browser has its own count', async () => {
    const device = (await signIn('boss', password)).headers.getSetCookie().find((set) => set.includes('device')) ?? '';
    assert.match(device, /HttpOnly/);
    const known = clientOf(system.base, device.split(';')[0] ?? '');
    const enter = (client: StaffClient, login: string, secret: string): Promise<Response> =>
      client.ask('POST', '/api/console/session', { login, password: secret });
    for (let i = 0; i < 8; i++) await signIn('boss', 'wrong password');
    assert.equal((await problem(await signIn('boss', password))).code, 'LOGIN_LOCKED', 'a stranger waits');
    assert.equal((await enter(known, 'boss', password)).status, 200, 'the owner does not');
    assert.equal(
      (await problem(await signIn('boss', password))).code,
      'LOGIN_LOCKED',
      'nor does that free the stranger',
    );
    // Of another login, or altered, the cookie is worth nothing.
    await system.parts.pool.query('delete from sign_in_failures');
    for (let i = 0; i < 8; i++) await signIn('somebody', 'wrong password');
    assert.equal((await problem(await enter(known, 'somebody', 'x'))).code, 'LOGIN_LOCKED');
    for (let i = 0; i < 8; i++) await signIn('boss', 'wrong password');
    const altered = clientOf(system.base, (device.split(';')[0] ?? '').replace(/=./, '=_'));
    assert.equal((await problem(await enter(altered, 'boss', password))).code, 'LOGIN_LOCKED');
    // A stolen device is no way to guess on.
    await system.parts.pool.query('delete from sign_in_failures');
    const codes = [];
    for (let i = 0; i < 7; i++) codes.push((await problem(await enter(known, 'boss', 'wrong password'))).code);
    assert.deepEqual(codes, [...Array.from({ length: 6 }, () => 'LOGIN_FAILED'), 'LOGIN_LOCKED']);
    await system.parts.pool.query('delete from sign_in_failures');
  });

  it('guesses from a /64 of IPv6, which everybody has whole, count together', async () => {
    const attempts = createAttempts(system.parts.pool, system.parts.steps.keyring, system.base);
    const from = (i: number) => ({ ip: `2001:db8:1:2:${i.toString(16)}::1`, headers: {} });
    const guess = async (i: number) => attempts.begin(`login-${i}`, from(i)).then(() => 'free', (e: unknown) => e instanceof KnownError && e.code); // prettier-ignore
    const answers = [];
    for (let i = 0; i < 42; i++) answers.push(await guess(i));
    assert.equal(answers.at(0), 'free');
    assert.equal(answers.at(-1), 'LOGIN_LOCKED');
    await system.parts.pool.query('delete from sign_in_failures');
  });

  it('two-step verification: a code opens once, a recovery code opens once, a password alone opens nothing', async () => {
    const { secret, uri } = await owner.json<{ secret: string; uri: string }>('POST', '/api/console/me/totp', { password }); // prettier-ignore
    assert.match(uri, /^otpauth:\/\/totp\//);
    assert.equal((await problem(await owner.ask('POST', '/api/console/me/totp/confirm', { code: '000000' }))).code, 'TOTP_WRONG'); // prettier-ignore
    const now = Math.floor(Date.now() / 1000);
    const code = await generate({ secret, epoch: now - 30 });
    const { recoveryCodes } = await owner.json<{ recoveryCodes: string[] }>('POST', '/api/console/me/totp/confirm', { code }); // prettier-ignore
    assert.equal(new Set(recoveryCodes).size, 10);
    const asked = await signIn('boss', password);
    assert.deepEqual(await asked.json(), { state: 'code_needed' });
    assert.deepEqual(asked.headers.getSetCookie(), []);
    assert.equal(
      (await problem(await signIn('boss', password, code))).code,
      'TOTP_WRONG',
      'used for the proof already',
    );
    const next = await generate({ secret, epoch: now + 30 });
    assert.equal((await signIn('boss', password, next)).status, 200);
    assert.equal((await problem(await signIn('boss', password, next))).code, 'TOTP_WRONG');
    const recovery = recoveryCodes[3] ?? '';
    assert.equal((await signIn('boss', password, recovery.toUpperCase())).status, 200);
    assert.equal((await problem(await signIn('boss', password, recovery))).code, 'TOTP_WRONG');
    await system.parts.pool.query('delete from sign_in_failures');
  });

  it('CSRF: a mutation that a page of somebody else sends with the cookie changes nothing', async () => {
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'null' },
    ];
    for (const headers of foreign) {
      const answer = await owner.ask('POST', '/api/console/staff', { login: 'evil', name: 'evil', role: 'owner' }, headers); // prettier-ignore
      assert.equal(answer.status, 401, JSON.stringify(headers));
    }
  });

  it('staff are invited by link, see what their role allows, and lose everything at once when disabled', async () => {
    const made = await owner.json<{ id: number; link: string }>('POST', '/api/console/staff', { login: 'kefu', name: '小王', role: 'support' }); // prettier-ignore
    assert.equal((await owner.ask('POST', '/api/console/staff', { login: 'kefu', name: '别人', role: 'viewer' })).status, 409); // prettier-ignore
    const answer = await visitor.ask('POST', '/api/console/setup', { token: tokenOf(made.link), password });
    const support = sessionOf(answer);
    const { me } = await support.json<{ me: { rights: string[] } }>('GET', '/api/console/session');
    assert.ok(me.rights.includes('orders.act') && !me.rights.includes('cards.reveal'));
    assert.equal((await support.ask('GET', '/api/console/staff')).status, 403);
    await owner.json('PUT', `/api/console/staff/${made.id}`, { name: '小王', role: 'support', disabled: true });
    assert.equal((await support.ask('GET', '/api/console/me/sessions')).status, 401);
    assert.equal((await problem(await signIn('kefu', password))).code, 'LOGIN_FAILED');
  });

  it('nobody grants what they lack, and the last owner stays', async () => {
    const manager = await signedIn(system, 'custom', ['staff.manage', 'orders.read']);
    const grant = (body: object): Promise<Response> => manager.ask('POST', '/api/console/staff', body);
    assert.equal((await grant({ login: 'up', name: 'up', role: 'owner' })).status, 403);
    assert.equal((await grant({ login: 'ok', name: 'ok', role: 'custom', rights: ['orders.read'] })).status, 201);
    const { staff } = await owner.json<{ staff: { id: number; login: string }[] }>('GET', '/api/console/staff');
    const boss = staff.find((s) => s.login === 'boss')!.id;
    assert.equal((await manager.ask('POST', `/api/console/staff/${boss}/link`, {})).status, 403);
    const demote = await owner.ask('PUT', `/api/console/staff/${boss}`, { name: '老板', role: 'viewer' });
    assert.equal((await problem(demote)).code, 'LAST_OWNER');
  });

  it('changing the password ends all other sessions; a session can be ended alone', async () => {
    const other = await system.parts.pool.query<{ id: number }>(
      `insert into staff_sessions (hash, staff_id, address, agent, expires_at)
       select 'x', id, '', '', now() + interval '1 day' from staff where login = 'boss' returning id`,
    );
    assert.ok(other.rows[0]);
    const mine = async (): Promise<number> =>
      (await owner.json<{ sessions: unknown[] }>('GET', '/api/console/me/sessions')).sessions.length;
    const before = await mine();
    await owner.json('DELETE', `/api/console/me/sessions/${other.rows[0].id}`);
    assert.equal(await mine(), before - 1);
    const wrong = await owner.ask('POST', '/api/console/me/password', { current: 'no', next: 'another long one' });
    assert.equal((await problem(wrong)).code, 'PASSWORD_WRONG');
    await owner.json('POST', '/api/console/me/password', { current: password, next: 'another long one' });
    assert.equal(await mine(), 1);
  });

  it('rule 15: by plain http on a bare address the console says what to do', async () => {
    const strict = await startSystem({ env: { TRUST_PROXY: '1' } });
    const answer = await fetch(`${strict.base}/console`, {
      headers: { accept: 'text/html', 'x-forwarded-for': '203.0.113.9' },
    });
    assert.equal(answer.status, 403);
    const page = await answer.text();
    assert.ok(page.includes('ALLOW_INSECURE_HTTP') && page.includes('ssh -L'));
    await strict.stop();
  });

  it('every change has its audit row, without passwords or codes, and the chain verifies', async () => {
    const { rows } = await system.parts.pool.query<{ action: string; detail: object }>(
      'select action, detail from audit',
    );
    const actions = new Set(rows.map((r) => r.action));
    for (const wanted of ['staff_created', 'staff_changed', 'staff_link_made', 'password_set_by_link', 'password_changed',
      'totp_on', 'recovery_code_used', 'signed_in', 'sign_in_failed', 'sessions_ended']) assert.ok(actions.has(wanted), wanted); // prettier-ignore
    assert.ok(!JSON.stringify(rows).includes(password));
    while ((await sealAudit(system.parts.pool)) > 0);
    assert.equal(await verifyAudit(system.parts.pool), undefined);
  });
});
