/** What an adapter wants to be told, in the shape of the contract. */
import type { z } from 'zod';
import type { ConfigField } from '../../integrations/config-fields.ts';
import type { configFields } from '../contract/shapes.ts';

export function describeFields(fields: readonly ConfigField[]): z.output<typeof configFields> {
  return fields.map((f) => ({
    key: f.key,
    label: f.label,
    help: f.help ?? null,
    secret: f.secret,
    required: f.required,
    multiline: f.multiline ?? false,
    pattern: f.pattern.source,
    fallback: f.fallback ?? null,
    options: f.options ? f.options.map(({ value, label }) => ({ value, label })) : null,
  }));
}
