/** `npm run openapi`: writes docs/openapi.json; a test fails if it is stale. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { openApiDocument } from './openapi.ts';

const file = path.join(import.meta.dirname, '..', 'docs', 'openapi.json');
writeFileSync(file, `${JSON.stringify(openApiDocument(), null, 2)}\n`);
