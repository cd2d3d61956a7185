/** Signing in, and one's own account (E6). */
import { z } from 'zod';
import { rights, roles, type Role } from '../../domain/rights.ts';
import { route } from './route.ts';

const roleNames = Object.keys(roles) as Role[];
export const staffRole = z.enum([...roleNames, 'custom']);
export const login = z.string().trim().toLowerCase().regex(/^[\p{L}\p{N}][\p{L}\p{N}._@-]{1,63}$/u).describe('2–64 letters, digits, . _ @ -'); // prettier-ignore
export const personName = z.string().trim().min(1).max(40);
const password = z.string().min(1).max(256);
const code = z.string().trim().min(6).max(40).describe('Six digits of the authenticator, or a recovery code');
const token = z.string().regex(/^[\w-]{43}$/);

const me = z.strictObject({
  id: z.int(),
  login: z.string(),
  name: z.string(),
  role: staffRole,
  rights: z.array(z.enum(rights)),
  totp: z.boolean(),
});

export const readSession = route({
  method: 'get',
  path: '/api/console/session',
  summary: { zh: '当前登录状态', en: 'Who is signed in' },
  auth: 'public',
  response: z.strictObject({
    me: me.nullable(),
    live: z.boolean().describe('Of a signed-in person: the shop has gone live'),
    firstStart: z.boolean().describe('There is no owner yet: the link that npm start prints makes one'),
  }),
});

export const signIn = route({
  method: 'post',
  path: '/api/console/session',
  summary: { zh: '登录', en: 'Sign in' },
  auth: 'public',
  body: z.strictObject({ login: z.string().max(200), password, code: code.optional() }),
  response: z.strictObject({ state: z.enum(['signed_in', 'code_needed']) }),
  errors: ['LOGIN_FAILED', 'LOGIN_LOCKED', 'TOTP_WRONG'],
});

export const signOut = route({
  method: 'delete',
  path: '/api/console/session',
  summary: { zh: '退出登录', en: 'Sign out' },
  auth: 'staff',
  response: z.strictObject({ signedOut: z.literal(true) }),
});

export const checkLink = route({
  method: 'post',
  path: '/api/console/setup/check',
  summary: { zh: '检查设置链接', en: 'What a set-up link is for' },
  auth: 'public',
  body: z.strictObject({ token }),
  response: z.strictObject({ login: z.string().nullable().describe('null: makes the first owner'), name: z.string().nullable() }), // prettier-ignore
  errors: ['SETUP_LINK_INVALID', 'LOGIN_LOCKED'],
});

export const takeLink = route({
  method: 'post',
  path: '/api/console/setup',
  summary: { zh: '用设置链接设定密码', en: 'Set a password by a one-time link' },
  auth: 'public',
  body: z.strictObject({ token, password, login: login.optional(), name: personName.optional() }),
  response: z.strictObject({ state: z.enum(['signed_in', 'sign_in_now']) }),
  errors: ['SETUP_LINK_INVALID', 'PASSWORD_WEAK', 'STAFF_TAKEN', 'LOGIN_LOCKED'],
});

export const changePassword = route({
  method: 'post',
  path: '/api/console/me/password',
  summary: { zh: '修改自己的密码', en: 'Change the own password; other sessions end' },
  auth: 'staff',
  body: z.strictObject({ current: password, next: password }),
  response: z.strictObject({ changed: z.literal(true) }),
  errors: ['PASSWORD_WRONG', 'PASSWORD_WEAK', 'LOGIN_LOCKED'],
});

export const beginTotp = route({
  method: 'post',
  path: '/api/console/me/totp',
  summary: { zh: '开始设置两步验证', en: 'Begin two-factor enrolment' },
  auth: 'staff',
  body: z.strictObject({ password }),
  response: z.strictObject({ secret: z.string(), uri: z.string() }),
  errors: ['PASSWORD_WRONG', 'LOGIN_LOCKED'],
});

export const confirmTotp = route({
  method: 'post',
  path: '/api/console/me/totp/confirm',
  summary: { zh: '确认两步验证', en: 'Prove the second factor; recovery codes are shown once' },
  auth: 'staff',
  body: z.strictObject({ code }),
  response: z.strictObject({ recoveryCodes: z.array(z.string()) }),
  errors: ['TOTP_WRONG', 'LOGIN_LOCKED'],
});

export const session = z.strictObject({
  id: z.int(),
  address: z.string(),
  agent: z.string(),
  createdAt: z.iso.datetime(),
  seenAt: z.iso.datetime(),
  current: z.boolean(),
});

export const ownSessions = route({
  method: 'get',
  path: '/api/console/me/sessions',
  summary: { zh: '自己的登录会话', en: 'The own sessions' },
  auth: 'staff',
  response: z.strictObject({ sessions: z.array(session) }),
});

export const endOwnSession = route({
  method: 'delete',
  path: '/api/console/me/sessions/:id',
  summary: { zh: '结束自己的一个会话', en: 'End one of the own sessions' },
  auth: 'staff',
  params: z.object({ id: z.coerce.number().int() }),
  response: z.strictObject({ ended: z.int() }),
});
