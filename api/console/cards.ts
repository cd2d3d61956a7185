/** Single keys, exports and the rotation of data keys, in the console. */
import type { Router } from 'express';
import {
  askExport,
  cardByFingerprint,
  countExport,
  decideExport,
  exportPage,
  exportRow,
  findCards,
  recentExports,
  revealCard,
  takeExport,
  voidCard,
  type CardRow,
  type ExportRow,
} from '../../db/cards.ts';
import { keyList } from '../../db/data-keys.ts';
import { priceNumber } from '../../db/numbers.ts';
import { productById } from '../../db/products.ts';
import { recentRotations, startRotation } from '../../db/rotations.ts';
import { readSetting } from '../../db/settings.ts';
import { KnownError } from '../../domain/errors.ts';
import { keyFingerprint, keyParts, keyText, openKey } from '../../integrations/keyring/goods.ts';
import { csvLine } from '../../integrations/sheets/csv-out.ts';
import { consoleCards } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { sendPiece } from '../http.ts';
import { person, serve, type Authenticate } from '../serve.ts';

type Card = (typeof consoleCards.cardView)['_output'];
type Export = (typeof consoleCards.exportView)['_output'];

const viewCard = (row: CardRow): Card => ({
  ...row,
  soldAt: row.soldAt?.toISOString() ?? null,
  expiresAt: row.expiresAt?.toISOString() ?? null,
  heldUntil: row.heldUntil?.toISOString() ?? null,
});
const viewExport = ({ id, productId, mode, batchId, cardState, reason, state, askedBy, decidedBy, createdAt, cards }: ExportRow): Export => ({ id, productId, mode, batchId, cardState, reason, state, askedBy, decidedBy, createdAt: createdAt.toISOString(), cards }); // prettier-ignore

export function cardRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, keyring } = deps;

  serve(router, authenticate, consoleCards.listCards, async ({ params, query }) => {
    const rows = await findCards(pool, params.id, query);
    return { items: rows.map(viewCard), next: rows.length === query.limit ? (rows.at(-1)?.id ?? null) : null };
  });
  serve(router, authenticate, consoleCards.findCard, async ({ params, body }) => {
    const text = keyText([body.key, ...body.parts]);
    const card = await cardByFingerprint(pool, params.id, keyFingerprint(keyring, params.id, text));
    return { card: card ? viewCard(card) : null };
  });
  serve(router, authenticate, consoleCards.revealCard, async (call) => {
    const card = await revealCard(pool, call.params.id, person(call).actorId, call.body.reason);
    const parts = keyParts(openKey(keyring, card.productId, card));
    return { parts, labels: parts.length > 1 ? [...card.labels] : [] };
  });
  serve(router, authenticate, consoleCards.voidCard, async (call) => {
    await voidCard(pool, call.params.id, person(call).actorId, call.body.reason);
    return { voided: true as const };
  });

  serve(router, authenticate, consoleCards.priceNumber, async (call) => {
    await priceNumber(pool, call.params.id, call.body.surchargeMinor, person(call).actorId);
    return { surchargeMinor: call.body.surchargeMinor };
  });

  serve(router, authenticate, consoleCards.askExport, async (call) => {
    if (!(await productById(pool, call.body.productId))) throw new KnownError('PRODUCT_NOT_FOUND');
    const setting = (await readSetting(pool, 'card_export')) as { secondPerson?: boolean } | undefined;
    const id = await askExport(pool, call.body, setting?.secondPerson === true, person(call).actorId);
    return viewExport(await exportRow(pool, id));
  });
  serve(router, authenticate, consoleCards.listExports, async () => ({
    items: (await recentExports(pool)).map(viewExport),
  }));
  serve(router, authenticate, consoleCards.decideExport, async (call) => {
    const to = call.body.approve ? 'approved' : 'refused';
    await decideExport(pool, call.params.id, to, person(call).actorId);
    return viewExport(await exportRow(pool, call.params.id));
  });
  exportFile(router, authenticate, deps);

  serve(router, authenticate, consoleCards.startRotation, async (call) => {
    const key = await keyring.newKey(call.body.ring);
    return { id: await startRotation(pool, call.body.ring, key, person(call).actorId) };
  });
  serve(router, authenticate, consoleCards.listRotations, async () => ({
    masterKey: keyring.masterKey,
    keys: (await keyList(pool)).map(({ createdAt, retiredAt, ...key }) => ({
      ...key,
      createdAt: createdAt.toISOString(),
      retiredAt: retiredAt?.toISOString() ?? null,
    })),
    items: (await recentRotations(pool)).map(
      ({ id, ring, state, place, done, total, failure, startedAt, endedAt }) => ({
        id,
        ring,
        state,
        done,
        total: Math.max(total, done),
        failure,
        broken: place.tables.reduce((sum, t) => sum + t.broken, 0),
        tables: place.tables.map((t) => ({ ...t })),
        startedAt: startedAt.toISOString(),
        endedAt: endedAt?.toISOString() ?? null,
      }),
    ),
  }));
}

/** The file itself: streamed, once, to the person who asked. */
function exportFile(router: Router, authenticate: Authenticate, { pool, keyring }: ApiDeps): void {
  router.post('/api/console/exports/:id/file', async (request, response) => {
    const admitted = await authenticate(request, { right: 'cards.export' });
    const id = Number(request.params['id']);
    if (!Number.isSafeInteger(id)) throw new KnownError('EXPORT_NOT_FOUND');
    const row = await takeExport(pool, id, person({ staff: admitted.staff }).actorId);
    response.setHeader('content-type', 'text/csv; charset=utf-8').setHeader('cache-control', 'no-store');
    response.setHeader('content-disposition', `attachment; filename="cards-${row.id}.csv"`);
    response.write(`\ufeff${csvLine(['编号', '卡密', '售出时间', '订单号'])}`);
    let cards = 0;
    for (let after = 0; ;) {
      const page = await exportPage(pool, row, after);
      const last = page.at(-1);
      if (!last) break;
      after = last.id;
      cards += page.length;
      const lines = page.map((card) => {
        const parts = keyParts(openKey(keyring, card.productId, card));
        return csvLine([String(card.id), parts.join('----'), card.soldAt?.toISOString() ?? '', card.orderNo ?? '']);
      });
      if (!(await sendPiece(response, lines.join('')))) break;
    }
    await countExport(pool, row.id, cards);
    response.end();
  });
}
