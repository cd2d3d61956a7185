/** Fields that an adapter describes, as a form: a new kind of provider, supplier or channel needs no new screen. */
import { Form, Input, Select } from 'antd';
import type { ReactNode } from 'react';
import { useI18n, type Words } from '../i18n.tsx';

export interface SchemaField {
  readonly key: string;
  readonly label: Words;
  readonly secret: boolean;
  readonly required: boolean;
  readonly pattern: string;
  readonly help?: Words | null | undefined;
  readonly multiline?: boolean | undefined;
  readonly fallback?: string | null | undefined;
  readonly options?: readonly { readonly value: string; readonly label: Words }[] | null | undefined;
}

/** Form items under `config`; a masked secret that is left as it is keeps its value. */
export function SchemaFields({
  fields,
  kept = {},
}: {
  readonly fields: readonly SchemaField[];
  readonly kept?: Readonly<Record<string, string>>;
}): ReactNode {
  const { t, say } = useI18n();
  return fields.map((field) => {
    const label = say(field.label);
    const rules = [
      { required: field.required, message: t(`请填写${label}`, `${label} is missing`) },
      {
        validator: (_: unknown, value?: string): Promise<void> =>
          !value || value === kept[field.key] || new RegExp(field.pattern).test(value)
            ? Promise.resolve()
            : Promise.reject(new Error(t(`${label}格式不正确`, `${label} is malformed`))),
      },
    ];
    return (
      <Form.Item
        key={field.key}
        name={['config', field.key]}
        label={label}
        rules={rules}
        extra={field.help && say(field.help)}
      >
        {field.options ? (
          <Select
            allowClear={!field.required}
            options={field.options.map((o) => ({ value: o.value, label: say(o.label) }))}
          />
        ) : field.multiline === true ? (
          <Input.TextArea rows={4} className="mono" spellCheck={false} autoComplete="off" />
        ) : (
          <Input
            autoComplete="off"
            spellCheck={false}
            {...(field.secret && { className: 'mono' })}
            placeholder={field.fallback ?? ''}
          />
        )}
      </Form.Item>
    );
  });
}

/** The configuration without what was left empty. */
export function filled(config: Readonly<Record<string, string | undefined>> | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config ?? {}).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
    ),
  );
}
