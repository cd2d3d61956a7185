/**
 * Operators' texts, in Liquid: no code, no files, no prototypes, bounded in time and size. Where a text becomes HTML every
 * value is escaped, and what the operator typed is escaped too: a template is text, not markup.
 */
import { Liquid } from 'liquidjs';
import { textFields, type LocalizedTexts, type TextVariables } from '../domain/templates.ts';

const engine = new Liquid({
  ownPropertyOnly: true,
  strictFilters: true,
  strictVariables: true,
  parseLimit: 50_000,
  // ms, of the clock: a machine that stalls must not cost a buyer the text. What a template may do at all is bounded below.
  renderLimit: 1_000,
  memoryLimit: 1_000_000,
  // Nothing is read from anywhere: `include` and `render` find no template.
  templates: {},
});

const longest = 100_000;

/** Renders one text; throws for what {@link checkTexts} would name. */
export function renderText(text: string, variables: TextVariables): string {
  const rendered = String(engine.parseAndRenderSync(text, variables));
  // Some hundred characters that are captured and repeated make hundreds of megabytes within all the other bounds.
  if (rendered.length > longest) throw new Error(`the text becomes longer than ${longest} characters`);
  return rendered;
}

export interface TextProblem {
  readonly field: string;
  readonly problem: string;
}

/** What is wrong with texts: they are tried with sample values, so an unknown variable is found before a buyer does. */
export function checkTexts(texts: LocalizedTexts, sample: TextVariables): TextProblem[] {
  return Object.entries(texts).flatMap(([locale, fields]) =>
    textFields.flatMap((field) => {
      const text = fields[field];
      if (text === undefined) return [];
      try {
        renderText(text, sample);
        return [];
      } catch (error) {
        return [{ field: `${locale}.${field}`, problem: error instanceof Error ? error.message.slice(0, 300) : 'unknown' }]; // prettier-ignore
      }
    }),
  );
}
