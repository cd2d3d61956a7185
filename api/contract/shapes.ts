/** Shapes that many routes share. */
import { z } from 'zod';

export const mode = z.enum(['live', 'test']);
export const at = z.iso.datetime();
export const rowId = z.coerce.number().int().positive();
export const idParams = z.object({ id: rowId });
/** A text for people, in both languages. */
export const words = z.strictObject({ zh: z.string(), en: z.string() });

/** What an adapter wants to be told, as the console makes a form of it: of payment, supplier and channel alike. */
export const configFields = z.array(
  z.strictObject({
    key: z.string(),
    label: words,
    help: words.nullable(),
    secret: z.boolean(),
    required: z.boolean(),
    multiline: z.boolean(),
    pattern: z.string(),
    fallback: z.string().nullable(),
    options: z.array(z.strictObject({ value: z.string(), label: words })).nullable(),
  }),
);
/** What was typed into such a form. A secret that is left out or still masked keeps its value. */
export function configOf(longest: number): z.ZodRecord<z.ZodString, z.ZodString> {
  return z.record(z.string().max(40), z.string().max(longest));
}
/** The same, as it is shown. */
export const maskedConfig = z.record(z.string(), z.string()).describe('Secrets are masked');
