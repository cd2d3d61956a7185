/** 发货模板 (D8): which texts there are, which variables they may use, and how a product's own words go over them. */

export const textFields = ['validity', 'instructions', 'mailSubject', 'mailBody', 'page', 'sms'] as const;
export type TextField = (typeof textFields)[number];
export type Texts = Readonly<Partial<Record<TextField, string>>>;
/** By locale: zh-CN and en. */
export type LocalizedTexts = Readonly<Record<string, Texts>>;

/** What a text may name. `goods` in mails only: other texts travel where goods must not. */
export interface TextVariables {
  readonly order: { readonly no: string; readonly quantity: number };
  readonly product: { readonly name: string; readonly sku: string };
  readonly pickupUrl: string;
  readonly validity: string;
  readonly instructions: string;
  readonly goods: readonly string[];
  readonly test: boolean;
}

export const sampleVariables: TextVariables = {
  order: { no: 'M260101SAMPLE0000000', quantity: 1 },
  product: { name: '游戏点卡-腾讯QQ-100元-365天', sku: 'QQ-100' },
  pickupUrl: 'https://shop.example/pickup#sample',
  validity: '365天',
  instructions: '登录官网充值',
  goods: ['SAMPLE-KEY-0001'],
  test: false,
};

/** The product's own words over those of its template, per locale and field; an empty text counts as none. */
export function mergeTexts(template: LocalizedTexts, product: LocalizedTexts): LocalizedTexts {
  const locales = new Set([...Object.keys(template), ...Object.keys(product)]);
  return Object.fromEntries(
    [...locales].sort().map((locale) => [
      locale,
      Object.fromEntries(
        textFields.flatMap((field) => {
          const text = product[locale]?.[field] || template[locale]?.[field]; // an empty one is none
          return text ? [[field, text]] : [];
        }),
      ),
    ]),
  );
}

/** The texts of a locale; of the other one if it has none. */
export function textsFor(texts: LocalizedTexts, locale: string): Texts {
  const own = locale.startsWith('zh') ? 'zh-CN' : 'en';
  const found = texts[own];
  if (found && Object.keys(found).length > 0) return found;
  return texts[own === 'en' ? 'zh-CN' : 'en'] ?? {};
}
