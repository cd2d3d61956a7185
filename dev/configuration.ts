/** docs/configuration.md, made from the variables that the programs themselves check. A test says when it is stale. */
import { databaseParts, variables } from '../integrations/environment.ts';
import { wantedBy } from './embedded/ports.ts';
import { embeddedVariables, portNames } from './embedded/settings.ts';

type Shape = Readonly<Record<string, { readonly description?: string | undefined; safeParse(value: unknown): { data?: unknown } }>>; // prettier-ignore

/** What a process takes when nothing is said: '' for "must be given" and for "nothing". */
function fallback(schema: Shape[string]): string {
  const { data } = schema.safeParse(undefined);
  if (data === undefined || data === '') return '';
  if (typeof data === 'boolean') return data ? '1' : '0';
  if (typeof data === 'number' || (typeof data === 'string' && data !== '')) return String(data);
  return '';
}

function table(rows: readonly (readonly [name: string, fallback: string, meaning: string])[]): string {
  const escape = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
  return [
    '| variable | default | meaning |',
    '|---|---|---|',
    ...rows.map(([name, value, meaning]) => `| \`${name}\` | ${value && `\`${value}\``} | ${escape(meaning)} |`),
  ].join('\n');
}

function portRows(): (readonly [string, string, string])[] {
  return portNames
    .map((name, i) => [name, `PORT + ${i}`, `Port of ${wantedBy[name][1]}`] as const)
    .filter(([name]) => !(name in variables.shape));
}

/** The page. */
export function configurationPage(): string {
  const shape: Shape = variables.shape;
  return `# Configuration

Made by \`npm run docs\` from the variables that the programs check at start; do not edit. A wrong value stops the start
with the variable's name and the reason, never its value. Everything a shop sets up (products, accounts, templates, rules,
people) is set in the console, not here. 下表由程序生成；店铺的业务设置都在控制台中完成。

## API and worker

${table(Object.entries(shape).map(([name, schema]) => [name, fallback(schema), schema.description ?? '']))}

Instead of \`DATABASE_URL\`, for deployments whose password is a file:

${table(Object.entries(databaseParts).map(([name, meaning]) => [name, '', meaning]))}

## The embedded stack (\`npm start\`)

Each piece that is named above (\`DATABASE_URL\`, \`TEMPORAL_ADDRESS\`, \`SMTP_URL\`) is not started but used. The ports beside
\`PORT\` follow it and can be moved one by one.

${table([...Object.entries(embeddedVariables).map(([name, [value, meaning]]) => [name, value, meaning] as const), ...portRows()])}
`;
}
