import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { allRoutes, openApiDocument } from '../../api/openapi.ts';

describe('G4: the OpenAPI document', () => {
  const document = openApiDocument();

  it('is valid OpenAPI 3.1', () => {
    const ajv = new Ajv2020({ allErrors: true, strict: false });
    formats.default(ajv);
    ajv.addFormat('media-range', true);
    // The validator resolves this one dynamic reference wrongly; unextended, it means the same as the plain one.
    const schema = readFileSync('test/fixtures/openapi-3.1.json', 'utf8').replaceAll(
      '"$dynamicRef": "#meta"',
      '"$ref": "#/$defs/schema"',
    );
    const validate = ajv.compile(JSON.parse(schema) as object);
    const plain: unknown = JSON.parse(JSON.stringify(document));
    assert.ok(validate(plain), ajv.errorsText(validate.errors).slice(0, 2000));
    assert.ok(!validate({ openapi: '3.1.0', paths: {} }), 'the schema can refuse');
  });

  it('holds schemas that are valid themselves, and references that lead somewhere', () => {
    const text = JSON.stringify(document);
    const schemas = document.components?.schemas ?? {};
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) assert.ok(name in schemas, name);
    const ajv = new Ajv2020({ strict: false });
    formats.default(ajv);
    ajv.addSchema({ $id: 'all', components: { schemas } });
    for (const name of Object.keys(schemas)) ajv.compile({ $ref: `all#/components/schemas/${name}` });
  });

  it('has every route of the table once, with summary, security and its errors', () => {
    const paths = document.paths ?? {};
    const seen = Object.values(paths).flatMap((item) => Object.keys(item as object));
    assert.equal(seen.length, allRoutes.length);
    for (const route of allRoutes) {
      const item = paths[route.path.replace(/:(\w+)/g, '{$1}')] as Record<string, { security?: unknown; responses: object }> | undefined; // prettier-ignore
      const operation = item?.[route.method];
      assert.ok(operation, `${route.method} ${route.path}`);
      for (const status of [route.status, 400, 500]) {
        assert.ok(String(status) in operation.responses, `${route.path} ${status}`);
      }
    }
  });

  it('docs/openapi.json is current: `npm run openapi` makes it', () => {
    const written = readFileSync('docs/openapi.json', 'utf8');
    assert.equal(written, `${JSON.stringify(document, null, 2)}\n`, 'run npm run openapi');
  });
});
