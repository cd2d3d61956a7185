/**
 * "Add or edit" of one thing of a list, in a drawer: opened with a thing or with 'new', closed when it is saved. What was
 * typed is not thrown away by a click beside it.
 *
 *     const editor = useEditor<Channel>();
 *     <Button onClick={editor.add}>…</Button>  <Button onClick={() => editor.edit(row)}>…</Button>
 *     <EditDrawer<Channel, Fields> of={editor} add={t('添加渠道', 'Add a channel')} fresh={{ enabled: true }} save={…}>
 *       {({ thing, fields }) => <NameItem />}
 *     </EditDrawer>
 */
import { App, Button, Drawer, Form } from 'antd';
import { useState, type ReactNode } from 'react';
import { ApiError } from '../api/client.ts';
import { useI18n, type Words } from '../i18n.tsx';
import { ErrorPanel } from './states.tsx';

export interface Editor<Thing> {
  readonly open: Thing | 'new' | undefined;
  readonly add: () => void;
  readonly edit: (thing: Thing) => void;
  readonly close: () => void;
}
export function useEditor<Thing>(first?: Thing | 'new'): Editor<Thing> {
  const [open, set] = useState<Thing | 'new' | undefined>(first);
  return { open, add: () => set('new'), edit: (thing) => set(thing), close: () => set(undefined) };
}

interface Props<Thing, Fields extends object> {
  readonly of: Editor<Thing>;
  /** Title and button while something is added. */
  readonly add: string;
  /** Title while a thing is edited. Default: its `name`. */
  readonly title?: (thing: Thing) => string;
  /** The fields of a new thing. */
  readonly fresh: Partial<Fields>;
  /** The fields of a thing that is there. Default: the thing itself, whose extra fields do no harm. */
  readonly from?: (thing: Thing) => Partial<Fields>;
  /** Rejects with what the server said: it is shown, and the drawer stays open. */
  readonly save: (fields: Fields, thing: Thing | undefined) => Promise<unknown>;
  readonly width?: number;
  /** The items of the form; `fields` is what stands in it now. */
  readonly children: (now: { readonly thing: Thing | undefined; readonly fields: Partial<Fields> }) => ReactNode;
}

/** What the server says of the fields of an adapter, at the fields. */
function fieldErrors(failure: unknown, say: (words: Words) => string): { name: string[]; errors: string[] }[] {
  const detail: unknown = failure instanceof ApiError && /CONFIG_INVALID$/.test(failure.code) ? failure.detail : [];
  if (!Array.isArray(detail)) return [];
  return (detail as { field?: string; zh?: string; en?: string }[]).flatMap(({ field, zh, en }) =>
    field !== undefined && zh !== undefined && en !== undefined
      ? [{ name: ['config', field], errors: [say({ zh, en })] }]
      : [],
  );
}

export function EditDrawer<Thing extends object, Fields extends object>(props: Props<Thing, Fields>): ReactNode {
  const { open } = props.of;
  // Each thing has a form of its own: nothing of the one before is left in it.
  return open === undefined ? null : <OpenDrawer key={open === 'new' ? 'new' : 'edit'} {...props} open={open} />;
}

function OpenDrawer<Thing extends object, Fields extends object>(
  props: Props<Thing, Fields> & { readonly open: Thing | 'new' },
): ReactNode {
  const { t, say } = useI18n();
  const { message, modal } = App.useApp();
  const [form] = Form.useForm<Fields>();
  const [saving, setSaving] = useState(false);
  const [error, setError] = useState<unknown>();
  const [touched, setTouched] = useState(false);
  const thing = props.open === 'new' ? undefined : props.open;
  const [initial] = useState(() => (thing ? (props.from ? props.from(thing) : thing) : props.fresh) as Partial<Fields>);
  const watched = Form.useWatch([], form) as Partial<Fields> | undefined;
  const close = (): void => {
    if (!touched) {
      props.of.close();
      return;
    }
    modal.confirm({
      title: t('放弃未保存的修改？', 'Throw away what is not saved?'),
      okText: t('放弃', 'Throw away'),
      cancelText: t('继续编辑', 'Keep editing'),
      onOk: props.of.close,
    });
  };
  const save = async (fields: Fields): Promise<void> => {
    setSaving(true);
    setError(undefined);
    try {
      await props.save(fields, thing);
      void message.success(t('已保存', 'Saved'));
      props.of.close();
    } catch (failure) {
      form.setFields(fieldErrors(failure, say) as never);
      setError(failure);
      setSaving(false);
    }
  };
  const named = (thing as { readonly name?: string } | undefined)?.name ?? '';
  return (
    <Drawer
      open
      size={props.width ?? 560}
      title={thing ? (props.title?.(thing) ?? named) : props.add}
      onClose={close}
      destroyOnHidden
    >
      <Form<Fields>
        form={form}
        layout="vertical"
        requiredMark={false}
        scrollToFirstError={{ focus: true }}
        onValuesChange={() => setTouched(true)}
        onFinish={(fields) => void save(fields)}
        initialValues={initial}
      >
        {props.children({ thing, fields: { ...initial, ...watched } })}
        {error !== undefined && <ErrorPanel error={error} />}
        <Button type="primary" htmlType="submit" loading={saving}>
          {t('保存', 'Save')}
        </Button>
      </Form>
    </Drawer>
  );
}
