/** 发货模板: versions that are never edited, and the text that an order was sold with. */
import { KnownError } from '../domain/errors.ts';
import type { LocalizedTexts } from '../domain/templates.ts';
import { one, sqlState, statement, type Queryable } from './sql.ts';

export interface TemplateRow {
  readonly id: number;
  readonly name: string;
  readonly version: number;
  readonly content: LocalizedTexts;
  readonly products: number;
  readonly archivedAt: Date | null;
}
const list = statement<TemplateRow, []>(
  'templates_list',
  `select t.id, t.name, t.version, v.content, t.archived_at as "archivedAt",
     (select count(*)::int from products p where p.template_id = t.id) as products
   from templates t join template_versions v on v.template_id = t.id and v.version = t.version order by t.name limit 500`,
);
export function templates(db: Queryable): Promise<TemplateRow[]> {
  return list(db, []);
}

const create = statement<{ id: number }, [string, string, number]>(
  'template_create',
  `with fresh as (insert into templates (name) values ($1) returning id
   ), first as (insert into template_versions (template_id, version, content, actor_id) select id, 1, $2::jsonb, $3 from fresh
   ), noted as (insert into audit (actor_id, action, detail) select $3, 'template_created', jsonb_build_object('template', id) from fresh)
   select id from fresh`,
);
const edit = statement<{ version: number }, [number, string, string, number, boolean]>(
  'template_edit',
  `with next as (
     update templates set name = $2, version = version + 1, archived_at = case when $5 then coalesce(archived_at, now()) end
     where id = $1 returning id, version
   ), added as (insert into template_versions (template_id, version, content, actor_id) select id, version, $3::jsonb, $4 from next
   ), noted as (
     insert into audit (actor_id, action, detail) select $4, 'template_edited', jsonb_build_object('template', id, 'version', version) from next
   )
   select version from next`,
);
const taken = (error: unknown): unknown => sqlState(error) === '23505' ? new KnownError('TEMPLATE_NAME_TAKEN') : error; // prettier-ignore

/** Throws TEMPLATE_NAME_TAKEN. */
export async function createTemplate(
  db: Queryable,
  name: string,
  content: LocalizedTexts,
  actorId: number,
): Promise<number> {
  // prettier-ignore
  try {
    return one(await create(db, [name, JSON.stringify(content), actorId])).id;
  } catch (error) {
    throw taken(error);
  }
}
/** A new version; orders keep the one that they were sold with. Throws TEMPLATE_NOT_FOUND, TEMPLATE_NAME_TAKEN. */
export async function editTemplate(
  db: Queryable,
  id: number,
  change: { name: string; content: LocalizedTexts; archived: boolean },
  actorId: number,
): Promise<number> {
  try {
    const [row] = await edit(db, [id, change.name, JSON.stringify(change.content), actorId, change.archived]);
    if (!row) throw new KnownError('TEMPLATE_NOT_FOUND');
    return row.version;
  } catch (error) {
    throw taken(error);
  }
}

export interface TemplateVersion {
  readonly version: number;
  readonly content: LocalizedTexts;
  readonly by: string;
  readonly at: Date;
}
const versions = statement<TemplateVersion, [number]>(
  'template_versions_of',
  `select v.version, v.content, a.name as by, v.created_at as at from template_versions v join actors a on a.id = v.actor_id
   where v.template_id = $1 order by v.version desc limit 100`,
);
/** What the template said, newest first; empty if there is no such template. */
export function templateVersions(db: Queryable, id: number): Promise<TemplateVersion[]> {
  return versions(db, [id]);
}

const forProduct = statement<{ template: LocalizedTexts | null; texts: LocalizedTexts }, [number]>(
  'template_for_product',
  `select v.content as template, p.texts from products p
   left join templates t on t.id = p.template_id left join template_versions v on v.template_id = t.id and v.version = t.version
   where p.id = $1`,
);
/** The current template of a product, and the product's own words. */
export async function productTexts(
  db: Queryable,
  productId: number,
): Promise<{ template: LocalizedTexts; texts: LocalizedTexts }> {
  // prettier-ignore
  const row = one(await forProduct(db, [productId]));
  return { template: row.template ?? {}, texts: row.texts };
}

const keep = statement<{ id: number }, [number, Buffer, string]>(
  'text_keep',
  `with kept as (
     insert into delivery_texts (hash, content) values ($2, $3::jsonb) on conflict (hash) do update set hash = excluded.hash returning id
   )
   update orders set text_id = (select id from kept) where id = $1 returning text_id as id`,
);
/** The order keeps this text, whatever becomes of template and product; each different text is stored once. */
export async function keepText(db: Queryable, orderId: number, hash: Buffer, content: LocalizedTexts): Promise<void> {
  await keep(db, [orderId, hash, JSON.stringify(content)]);
}

export interface SoldText {
  readonly texts: LocalizedTexts;
  readonly labels: readonly string[];
}
const ofOrder = statement<SoldText, [number]>(
  'text_of_order',
  `select coalesce(t.content, '{}') as texts, coalesce(o.part_labels, p.part_labels) as labels
   from orders o join products p on p.id = o.product_id left join delivery_texts t on t.id = o.text_id where o.id = $1`,
);
/** What an order was sold with, and the names of the parts of its keys then. */
export async function soldText(db: Queryable, orderId: number): Promise<SoldText> {
  return one(await ofOrder(db, [orderId]));
}
