/** What can be configured on an account: a schema that the console turns into a form, and the check of what was typed. */

export interface Words {
  readonly zh: string;
  readonly en: string;
}

export interface ConfigField {
  readonly key: string;
  readonly label: Words;
  readonly secret: boolean;
  readonly required: boolean;
  readonly pattern: RegExp;
  /** Where the operator finds it. */
  readonly help?: Words;
  /** Keys and certificates: a text area. */
  readonly multiline?: boolean;
  readonly options?: readonly { readonly value: string; readonly label: Words }[];
  /** Used if nothing is given; shown in the empty field. */
  readonly fallback?: string;
}

export interface ConfigProblem extends Words {
  readonly field: string;
}

type Config = Readonly<Record<string, string>>;

/** The problems of a configuration by its fields; unknown keys are problems too. */
export function checkFields(fields: readonly ConfigField[], config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const field of fields) {
    const value = config[field.key];
    if (value === undefined || value === '') {
      if (field.required)
        problems.push({ field: field.key, zh: `请填写${field.label.zh}`, en: `${field.label.en} is missing` });
    } else if (!field.pattern.test(value)) {
      problems.push({ field: field.key, zh: `${field.label.zh}格式不正确`, en: `${field.label.en} is malformed` });
    }
  }
  for (const key of Object.keys(config)) {
    if (!fields.some((f) => f.key === key)) problems.push({ field: key, zh: '未知的配置项', en: 'unknown field' });
  }
  return problems;
}

/** The address of a gateway, without a slash at the end. */
export function gatewayOf(config: Config, fallback = ''): string {
  return (config['gateway'] || fallback).replace(/\/+$/, '');
}

export const urlPattern = /^https?:\/\/[^\s?#@]{1,400}$/;
/** PEM, or the bare base64 that consoles of providers show. */
export const keyPattern = /^[A-Za-z0-9+/=\s:.,_-]{64,30000}$/;

/** A value derived once per configuration object: parsing a key costs more than using it. */
export function perConfig<T>(derive: (config: Config) => T): (config: Config) => T {
  const known = new WeakMap<Config, { value: T }>();
  return (config) => {
    let entry = known.get(config);
    if (!entry) known.set(config, (entry = { value: derive(config) }));
    return entry.value;
  };
}
