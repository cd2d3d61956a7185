/** Delivery templates in the console. */
import type { Router } from 'express';
import { orderByNo } from '../../db/orders.ts';
import { createTemplate, editTemplate, templates } from '../../db/templates.ts';
import { KnownError } from '../../domain/errors.ts';
import { sampleVariables, textsFor, type LocalizedTexts, type TextVariables } from '../../domain/templates.ts';
import { deliveryMail } from '../../integrations/delivery-mail.ts';
import { checkTexts, renderText } from '../../integrations/templates.ts';
import { consoleTemplates } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { person, serve, type Authenticate } from '../serve.ts';

function valid(content: object): LocalizedTexts {
  const texts = content as LocalizedTexts;
  const problems = checkTexts(texts, sampleVariables);
  if (problems.length > 0) throw new KnownError('TEMPLATE_INVALID', problems);
  return texts;
}

export function templateRoutes(router: Router, authenticate: Authenticate, { pool }: ApiDeps): void {
  serve(router, authenticate, consoleTemplates.listTemplates, async () => ({
    items: (await templates(pool)).map(({ archivedAt, ...row }) => ({ ...row, archived: archivedAt !== null })),
  }));
  serve(router, authenticate, consoleTemplates.createTemplate, async (call) => ({
    id: await createTemplate(pool, call.body.name, valid(call.body.content), person(call).actorId),
  }));
  serve(router, authenticate, consoleTemplates.editTemplate, async (call) => {
    const change = { ...call.body, content: valid(call.body.content) };
    return { version: await editTemplate(pool, call.params.id, change, person(call).actorId) };
  });
  serve(router, authenticate, consoleTemplates.previewTemplate, async ({ body }) => {
    const all = valid(body.content);
    const order = body.orderNo === undefined ? undefined : await orderByNo(pool, body.orderNo);
    if (body.orderNo !== undefined && !order) throw new KnownError('ORDER_NOT_FOUND');
    const variables: TextVariables = order
      ? {
          ...sampleVariables,
          order: { no: order.no, quantity: order.quantity },
          product: { name: order.productName, sku: order.sku },
          goods: Array.from({ length: order.quantity }, () => '••••••••'),
          test: order.mode === 'test',
        }
      : sampleVariables;
    const texts = textsFor(all, body.locale);
    const rendered = Object.fromEntries(Object.entries(texts).map(([field, text]) => [field, renderText(text, variables)])); // prettier-ignore
    const mail = deliveryMail({
      locale: body.locale,
      orderNo: variables.order.no,
      sku: variables.product.sku,
      quantity: variables.order.quantity,
      productName: variables.product.name,
      test: variables.test,
      goods: variables.goods.map((text) => [{ label: null, text }]),
      pickupUrl: variables.pickupUrl,
      texts,
    });
    return { texts: rendered, mail };
  });
}
