/** Form items that the drawers share: what it is called, of which kind and mode it is, whether it is on. */
import { Form, Input, Segmented, Select, Switch } from 'antd';
import type { ReactNode } from 'react';
import { useI18n, useT, type Words } from '../i18n.tsx';

export function NameItem({ label, max = 80 }: { readonly label?: string; readonly max?: number }): ReactNode {
  const t = useT();
  return (
    <Form.Item
      name="name"
      label={label ?? t('名称', 'Name')}
      rules={[{ required: true, whitespace: true, message: t('请填写名称', 'Give it a name') }]}
    >
      <Input maxLength={max} />
    </Form.Item>
  );
}

/** Which adapter; it is chosen once, when the thing is added. */
export function KindItem(props: {
  readonly name: string;
  readonly label: string;
  readonly kinds: readonly { readonly value: string; readonly name: Words }[];
  readonly fixed: boolean;
}): ReactNode {
  const { say } = useI18n();
  return (
    <Form.Item name={props.name} label={props.label} hidden={props.fixed}>
      <Select options={props.kinds.map(({ value, name }) => ({ value, label: say(name) }))} />
    </Form.Item>
  );
}

/** 正式 or 测试; a wall, so it is chosen once as well. */
export function ModeItem(props: { readonly modes?: readonly ('live' | 'test')[]; readonly fixed: boolean }): ReactNode {
  const t = useT();
  const words = { live: t('正式', 'Live'), test: t('测试', 'Test') };
  return (
    <Form.Item name="mode" label={t('模式', 'Mode')} hidden={props.fixed}>
      <Segmented options={(props.modes ?? ['live', 'test']).map((value) => ({ value, label: words[value] }))} />
    </Form.Item>
  );
}

export function EnabledItem(): ReactNode {
  const t = useT();
  return <SwitchItem name="enabled" label={t('启用', 'On')} />;
}

export function SwitchItem(props: {
  readonly name: string;
  readonly label: string;
  readonly help?: string;
  readonly hidden?: boolean;
  /** Where the form has none. */
  readonly initial?: boolean;
}): ReactNode {
  return (
    <Form.Item
      name={props.name}
      label={props.label}
      extra={props.help}
      valuePropName="checked"
      hidden={props.hidden === true}
      {...(props.initial !== undefined && { initialValue: props.initial })}
    >
      <Switch />
    </Form.Item>
  );
}
