/** Delivery templates in the console. */
import type { Router } from 'express';
import { orderByNo } from '../../db/orders.ts';
import { createTemplate, editTemplate, templates, templateVersions } from '../../db/templates.ts';
import { KnownError } from '../../domain/errors.ts';
import { sampleVariables, textsFor, type LocalizedTexts, type TextVariables } from '../../domain/templates.ts';
import { deliveryMail, rendered, smsText } from '../../integrations/delivery-mail.ts';
import { checkTexts } from '../../integrations/templates.ts';
import { consoleTemplates } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { person, serve, type Authenticate } from '../serve.ts';

/** Texts that every order can be told with, or TEMPLATE_INVALID with each that cannot. */
export function validTexts(content: object): LocalizedTexts {
  const texts = content as LocalizedTexts;
  const problems = checkTexts(texts, sampleVariables);
  if (problems.length > 0) throw new KnownError('TEMPLATE_INVALID', problems);
  return texts;
}

export function templateRoutes(router: Router, authenticate: Authenticate, { pool, environment }: ApiDeps): void {
  serve(router, authenticate, consoleTemplates.listTemplates, async () => ({
    items: (await templates(pool)).map(({ archivedAt, ...row }) => ({ ...row, archived: archivedAt !== null })),
  }));
  serve(router, authenticate, consoleTemplates.createTemplate, async (call) => ({
    id: await createTemplate(pool, call.body.name, validTexts(call.body.content), person(call).actorId),
  }));
  serve(router, authenticate, consoleTemplates.editTemplate, async (call) => {
    const change = { ...call.body, content: validTexts(call.body.content) };
    return { version: await editTemplate(pool, call.params.id, change, person(call).actorId) };
  });
  serve(router, authenticate, consoleTemplates.templateVersions, async ({ params }) => {
    const items = await templateVersions(pool, params.id);
    if (items.length === 0) throw new KnownError('TEMPLATE_NOT_FOUND');
    return { items: items.map((row) => ({ ...row, at: row.at.toISOString() })) };
  });
  serve(router, authenticate, consoleTemplates.previewTemplate, async ({ body }) => {
    const all = validTexts(body.content);
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
    const about = {
      locale: body.locale,
      orderNo: variables.order.no,
      sku: variables.product.sku,
      quantity: variables.order.quantity,
      productName: variables.product.name,
      test: variables.test,
      goods: variables.goods,
      pickupUrl: variables.pickupUrl,
      texts: textsFor(all, body.locale),
    };
    const sms = smsText({ ...about, queryUrl: `${environment.PUBLIC_URL}/query` });
    const texts = { ...rendered(about), ...(sms !== undefined && { sms }) };
    return { texts, mail: deliveryMail({ ...about, goods: about.goods.map((key) => [{ label: null, text: key }]) }) };
  });
}
