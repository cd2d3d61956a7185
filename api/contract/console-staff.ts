/** Staff and their rights (E6). */
import { z } from 'zod';
import { rights } from '../../domain/rights.ts';
import { login, personName, session, staffRole } from './console-session.ts';
import { route } from './route.ts';

const params = z.object({ id: z.coerce.number().int().positive() });
const auth = { right: 'staff.manage' } as const;
const wanted = { role: staffRole, rights: z.array(z.enum(rights)).max(rights.length).default([]).describe('Of role custom') }; // prettier-ignore

const staffView = z.strictObject({
  id: z.int(),
  login: z.string(),
  name: z.string(),
  role: staffRole,
  rights: z.array(z.enum(rights)),
  totp: z.boolean(),
  ready: z.boolean().describe('Has set a password'),
  disabled: z.boolean(),
  sessions: z.int(),
  lastLoginAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
});
const setupLink = z.strictObject({ id: z.int(), link: z.string().describe('Shown once, valid for 72 hours') });

export const listStaff = route({
  method: 'get',
  path: '/api/console/staff',
  summary: { zh: '员工列表', en: 'Staff' },
  auth,
  response: z.strictObject({ staff: z.array(staffView) }),
});

export const createStaff = route({
  method: 'post',
  path: '/api/console/staff',
  summary: { zh: '新增员工', en: 'Add a person' },
  auth,
  body: z.strictObject({ login, name: personName, ...wanted }),
  status: 201,
  response: setupLink,
  errors: ['STAFF_TAKEN', 'RIGHTS_EXCEEDED'],
});

export const changeStaff = route({
  method: 'put',
  path: '/api/console/staff/:id',
  summary: { zh: '修改员工权限', en: 'Change role, rights, name, or disable' },
  auth,
  params,
  body: z.strictObject({ name: personName, ...wanted, disabled: z.boolean().default(false) }),
  response: z.strictObject({ id: z.int() }),
  errors: ['STAFF_NOT_FOUND', 'STAFF_TAKEN', 'LAST_OWNER', 'RIGHTS_EXCEEDED'],
});

export const staffLink = route({
  method: 'post',
  path: '/api/console/staff/:id/link',
  summary: { zh: '重新生成设置链接', en: 'A new link that sets the password' },
  auth,
  params,
  body: z.strictObject({ resetTotp: z.boolean().default(false).describe('The phone was lost') }),
  response: setupLink,
  errors: ['STAFF_NOT_FOUND', 'RIGHTS_EXCEEDED'],
});

export const staffSessions = route({
  method: 'get',
  path: '/api/console/staff/:id/sessions',
  summary: { zh: '员工的登录会话', en: "A person's sessions" },
  auth,
  params,
  response: z.strictObject({ sessions: z.array(session) }),
  errors: ['STAFF_NOT_FOUND'],
});

export const endStaffSessions = route({
  method: 'delete',
  path: '/api/console/staff/:id/sessions',
  summary: { zh: '结束员工的全部会话', en: "End all of a person's sessions" },
  auth,
  params,
  response: z.strictObject({ ended: z.int() }),
  errors: ['STAFF_NOT_FOUND', 'RIGHTS_EXCEEDED'],
});
