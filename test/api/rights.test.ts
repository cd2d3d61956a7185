import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { allRoutes } from '../../api/openapi.ts';
import type { Route } from '../../api/contract/index.ts';
import { rights, roles, type Right } from '../../domain/rights.ts';
import { clientOf, signedIn } from '../support/staff.ts';
import { startSystem, type System } from '../support/system.ts';

const roleNames = ['owner', 'support', 'warehouse', 'viewer'] as const;

/** The route with something in the place of each parameter. */
const pathOf = (route: Route): string =>
  route.path.replace(/:(\w+)/g, (_, name: string) => (name === 'id' ? '999999' : randomUUID()));

describe('E6: every route × every role', function () {
  this.timeout(180_000);
  let system: System;
  before(async () => {
    system = await startSystem();
  });
  after(() => system.stop());

  const ofPeople = allRoutes.filter((r) => typeof r.auth === 'object' || r.auth === 'staff' || r.auth === 'ops');

  it('without a session nothing of the console answers, and nothing is left unmounted', async () => {
    const visitor = clientOf(system.base, '');
    for (const route of ofPeople) {
      const answer = await visitor.ask(route.method.toUpperCase(), pathOf(route));
      assert.equal(answer.status, 401, `${route.method} ${route.path}`);
    }
  });

  for (const role of roleNames) {
    it(`${role}: admitted to exactly the routes of its rights`, async () => {
      const granted = new Set<Right>(roles[role]);
      for (const route of ofPeople) {
        // A new person each time: some routes end sessions.
        const someone = await signedIn(system, role);
        const answer = await someone.ask(
          route.method.toUpperCase(),
          pathOf(route),
          route.method === 'get' ? undefined : {},
          { 'idempotency-key': randomUUID() },
        );
        await answer.body?.cancel();
        const needs = typeof route.auth === 'object' ? route.auth.right : route.auth === 'ops' ? 'ops' : undefined;
        const admitted = needs === undefined || granted.has(needs);
        const name = `${role}: ${route.method} ${route.path} → ${answer.status}`;
        if (admitted) assert.ok(answer.status !== 401 && answer.status < 500, name);
        else assert.equal(answer.status, 403, name);
      }
    });
  }

  it('each right is needed somewhere or named here, and each route of people names a known one', () => {
    for (const route of ofPeople) if (typeof route.auth === 'object') assert.ok(rights.includes(route.auth.right));
  });
});
