/** Home, dashboard, analysis of failures, audit. */
import type { Router } from 'express';
import { verifyAudit } from '../../db/audit.ts';
import { failuresNow } from '../../db/failure-alarm.ts';
import { auditActors, listAudit } from '../../db/audit-list.ts';
import {
  failureReasons,
  failuresOf,
  figuresOf,
  namesOf,
  shopDayStart,
  todayOf,
  type Figures,
} from '../../db/figures.ts';
import { listOrders } from '../../db/order-list.ts';
import { readSetting } from '../../db/settings.ts';
import { supplierFigures } from '../../db/supplier-figures.ts';
import { failureAlarmOf, failureRate, rings } from '../../domain/failure-rate.ts';
import { consoleOverview } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { serve, type Authenticate } from '../serve.ts';
import { homeRoute } from './home.ts';
import { viewLine } from './orders.ts';
import { shopZone } from './upkeep.ts';
import { reasonIn, reasonOf } from './words.ts';

interface FiguresView {
  paid: number;
  delivered: number;
  failed: number;
  rate: number | null;
  averageMs: number | null;
  p50Ms: number | null;
  p99Ms: number | null;
}
function view(f: Figures | undefined): FiguresView {
  if (!f) return { paid: 0, delivered: 0, failed: 0, rate: null, averageMs: null, p50Ms: null, p99Ms: null };
  const { paid, delivered, failed, averageMs, p50Ms, p99Ms } = f;
  return { paid, delivered, failed, rate: failureRate(failed, paid) ?? null, averageMs, p50Ms, p99Ms };
}

export function overviewRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool } = deps;
  homeRoute(router, authenticate, deps);

  serve(router, authenticate, consoleOverview.dashboard, async ({ query: { mode } }) => {
    const zone = await shopZone(pool);
    const from = await shopDayStart(pool, zone);
    const now = new Date();
    const [rows, today, live, bought, limit] = await Promise.all([
      figuresOf(pool, mode, from, now),
      todayOf(pool, mode, from),
      listOrders(pool, { mode }, 50),
      supplierFigures(pool, mode, from, now),
      readSetting(pool, 'alarm'),
    ]);
    const whole = rows.find((row) => row.whole);
    const byCount = (a: Figures, b: Figures): number => b.paid - a.paid;
    const products = rows.filter((row) => row.productId !== null).sort(byCount).slice(0, 20); // prettier-ignore
    const accounts = rows.filter((row) => row.accountId !== null).sort(byCount).slice(0, 20); // prettier-ignore
    const names = await namesOf(
      pool,
      products.map((row) => row.productId ?? 0),
      accounts.map((row) => row.accountId ?? 0),
    );
    const alarm = failureAlarmOf(limit);
    const judged = await failuresNow(pool, mode, alarm);
    return {
      zone,
      from: from.toISOString(),
      now: now.toISOString(),
      today: { ...view(whole), ...today, oldestTask: today.oldestTask?.toISOString() ?? null },
      hours: Array.from({ length: 24 }, (_, hour) => {
        const row = rows.find((r) => r.hour === hour);
        return { hour, paid: row?.paid ?? 0, failed: row?.failed ?? 0 };
      }),
      products: products.map((row) => ({
        sku: names.products[String(row.productId)]?.sku ?? '',
        name: names.products[String(row.productId)]?.name ?? '',
        ...view(row),
      })),
      accounts: accounts.map((row) => ({
        name: names.accounts[String(row.accountId)]?.name ?? '',
        provider: names.accounts[String(row.accountId)]?.provider ?? '',
        ...view(row),
      })),
      suppliers: bought.map((row) => ({ ...row, rate: failureRate(row.failed, row.delivered + row.failed) ?? null })),
      alarm: {
        on: rings(alarm, judged),
        rate: failureRate(judged.failed, judged.paid) ?? null,
        windowMinutes: alarm.windowMinutes,
        limit: alarm.rate,
        floor: alarm.floor,
      },
      live: live.map(viewLine),
    };
  });

  serve(router, authenticate, consoleOverview.failures, async ({ query: { mode, days } }) => {
    const zone = await shopZone(pool);
    const from = await shopDayStart(pool, zone, days - 1);
    const now = new Date();
    const [rows, { paid, failed }] = await Promise.all([
      failureReasons(pool, mode, from, now, zone),
      failuresOf(pool, mode, from, now),
    ]);
    const names = Array.from({ length: days }, (_, i) =>
      new Date(from.getTime() + i * 86_400_000 + 43_200_000).toLocaleDateString('sv-SE', { timeZone: zone }),
    );
    const codes = [...new Set(rows.map((row) => row.code))];
    const reasons = codes.map((code) => {
      const mine = rows.filter((row) => row.code === code);
      const products = new Map<string, { sku: string; name: string; count: number }>();
      const suppliers = new Map<string, number>();
      for (const row of mine) {
        const known = products.get(row.sku) ?? { sku: row.sku, name: row.productName, count: 0 };
        products.set(row.sku, { ...known, count: known.count + row.count });
        if (row.supplier !== null) suppliers.set(row.supplier, (suppliers.get(row.supplier) ?? 0) + row.count);
      }
      const sum = (list: typeof mine): number => list.reduce((total, row) => total + row.count, 0);
      return {
        reason: reasonOf(code),
        count: sum(mine),
        products: [...products.values()].sort((a, b) => b.count - a.count).slice(0, 10),
        suppliers: [...suppliers].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count), // prettier-ignore
        byDay: names.map((day) => sum(mine.filter((row) => row.day === day))),
      };
    });
    return {
      from: from.toISOString(),
      paid,
      failed,
      rate: failureRate(failed, paid) ?? null,
      days: names,
      reasons: reasons.sort((a, b) => b.count - a.count),
    };
  });

  serve(router, authenticate, consoleOverview.auditList, async ({ query: q }) => {
    const date = (text: string | undefined): Date | undefined => (text === undefined ? undefined : new Date(text));
    const [rows, actors] = await Promise.all([
      listAudit(pool, { ...q, from: date(q.from), to: date(q.to) }, q.limit + 1),
      auditActors(pool),
    ]);
    const entries = rows
      .slice(0, q.limit)
      .map((row) => ({ ...row, reason: reasonIn(row.detail), at: row.at.toISOString() }));
    return { entries, next: rows.length > q.limit ? (entries.at(-1)?.id ?? null) : null, actors };
  });

  serve(router, authenticate, consoleOverview.auditVerify, async () => {
    const broken = await verifyAudit(pool);
    return { intact: broken === undefined, brokenAt: broken?.auditId ?? null };
  });
}
