/** The OpenAPI document, made from the route table. */
import { extendZodWithOpenApi, OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { errors, type ErrorCode } from '../domain/errors.ts';
import * as table from './contract/index.ts';
import type { Auth, Route } from './contract/route.ts';

extendZodWithOpenApi(z);

const always: readonly ErrorCode[] = ['BAD_REQUEST', 'UNAUTHENTICATED', 'FORBIDDEN', 'INSECURE_HTTP', 'DATABASE_DOWN', 'INTERNAL']; // prettier-ignore
const text = z.object({ cause: z.string(), next: z.string() });
const errorBody = z
  .object({
    error: z.object({ code: z.string(), zh: text, en: text, detail: z.unknown().optional(), requestId: z.string() }),
  })
  .meta({ id: 'Error' });

/** Every route of the table. */
export const allRoutes: readonly Route[] = Object.values(table)
  .flatMap((area): unknown[] => Object.values(area))
  .filter((value): value is Route => typeof value === 'object' && value !== null && 'method' in value);

function hasFields(schema: z.ZodType): schema is z.ZodObject {
  return schema instanceof z.ZodObject && Object.keys(schema.shape).length > 0;
}

function security(auth: Auth): Record<string, []>[] {
  if (auth === 'public') return [];
  const ofPeople = typeof auth === 'object' || auth === 'ops' || auth === 'staff';
  return ofPeople ? [{ opsToken: [] }, { session: [] }] : [{ apiKey: [] }];
}

export function openApiDocument(): ReturnType<OpenApiGeneratorV31['generateDocument']> {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'API key of a shop',
  });
  registry.registerComponent('securitySchemes', 'opsToken', {
    type: 'http',
    scheme: 'bearer',
    description: 'Ops token',
  });
  registry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-miaofa',
    description: 'Session of the console',
  });
  for (const route of allRoutes) {
    const byStatus = new Map<number, ErrorCode[]>();
    for (const code of [...always, ...route.errors]) {
      const { status } = errors[code];
      byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
    }
    registry.registerPath({
      method: route.method,
      path: route.path.replace(/:(\w+)/g, '{$1}'),
      summary: `${route.summary.zh} / ${route.summary.en}`,
      security: security(route.auth),
      request: {
        ...(hasFields(route.params) && { params: route.params }),
        ...(hasFields(route.query) && { query: route.query }),
        ...(hasFields(route.headers) && { headers: route.headers }),
        ...(!(route.body instanceof z.ZodUndefined) && {
          body: { content: { 'application/json': { schema: route.body } } },
        }),
      },
      responses: {
        [route.status]: { description: 'ok', content: { 'application/json': { schema: route.response } } },
        ...Object.fromEntries(
          [...byStatus].map(([status, codes]) => [
            status,
            { description: codes.join(', '), content: { 'application/json': { schema: errorBody } } },
          ]),
        ),
      },
    });
  }
  const document = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: { title: 'Miaofa 秒发', version: '1', description: 'Automatic delivery of virtual goods. 自动发货接口。' },
  });
  // A coerced value may be anything at first, also absent, as zod sees it; a part of a path never is.
  for (const item of Object.values(document.paths ?? {})) {
    for (const operation of Object.values(
      item as Record<string, { parameters?: { in?: string; required?: boolean }[] }>,
    )) {
      for (const parameter of operation.parameters ?? []) if (parameter.in === 'path') parameter.required = true;
    }
  }
  correctPatterns(document);
  return document;
}

/** The generator leaves a regular expression's flag at the end of its text, where it would be part of the pattern. */
function correctPatterns(part: unknown): void {
  if (typeof part !== 'object' || part === null) return;
  const node = part as Record<string, unknown>;
  if (typeof node['pattern'] === 'string') node['pattern'] = node['pattern'].replace(/\/u$/, '');
  for (const value of Object.values(node)) correctPatterns(value);
}
