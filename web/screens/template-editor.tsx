/** The texts of a template, the variables that they may name, and what a buyer would read: with sample or real order. */
import { Alert, App, Button, Card, Input, Segmented, Switch, Tag } from 'antd';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { ask, type ApiError } from '../api/client.ts';
import { useChange } from '../api/hooks.ts';
import type { Output, RouteOf } from '../api/routes.ts';
import { useT, type Translate } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { ErrorPanel } from '../ui/states.tsx';
import type { Template } from './templates.tsx';

export type Content = Template['content'];
type Locale = 'zh-CN' | 'en';
type FieldName = keyof NonNullable<Content['zh-CN']>;
type Preview = Output<RouteOf<'post', '/api/console/templates/preview'>>;

const rows: Record<FieldName, number> = { validity: 1, instructions: 4, mailSubject: 1, mailBody: 5, page: 4, sms: 2 };
const fieldList = Object.keys(rows) as FieldName[];

function labels(t: Translate): Record<FieldName, string> {
  return {
    validity: t('有效期', 'Validity'),
    instructions: t('使用说明', 'Instructions'),
    mailSubject: t('邮件主题', 'Subject of the mail'),
    mailBody: t('邮件开头', 'Opening of the mail'),
    page: t('提货页文字', 'Words on the pickup page'),
    sms: t('短信（由店铺发送，不含卡密）', 'SMS (sent by the shop, without goods)'),
  };
}
function variables(t: Translate): readonly (readonly [string, string])[] {
  return [
    ['order.no', t('订单号', 'order number')],
    ['order.quantity', t('数量', 'quantity')],
    ['product.name', t('商品名称', 'product')],
    ['product.sku', t('商品编码', 'SKU')],
    ['pickupUrl', t('提货链接', 'pickup link')],
    ['validity', t('上面的有效期', 'the validity above')],
    ['instructions', t('上面的使用说明', 'the instructions above')],
  ];
}

export function TemplateEditor(props: {
  readonly template: Template | undefined;
  readonly from: Content | undefined;
  readonly done: () => void;
}): ReactNode {
  const t = useT();
  const may = useMay();
  const { message } = App.useApp();
  const { template } = props;
  const [name, setName] = useState(template?.name ?? '');
  const [archived, setArchived] = useState(template?.archived ?? false);
  const [content, setContent] = useState<Content>(props.from ?? template?.content ?? {});
  const [locale, setLocale] = useState<Locale>('zh-CN');
  const [orderNo, setOrderNo] = useState('');
  const { preview, error: wrong } = usePreview(content, locale, orderNo);
  const create = useChange('post', '/api/console/templates');
  const edit = useChange('put', '/api/console/templates/:id');
  const last = useRef<FieldName>('instructions');
  const texts = content[locale] ?? {};
  const write = (field: FieldName, text: string): void => {
    const others = Object.fromEntries(Object.entries(texts).filter(([key]) => key !== field));
    setContent({ ...content, [locale]: text === '' ? others : { ...others, [field]: text } });
  };
  const problems = problemsOf(wrong);
  const saved = {
    onSuccess: () => {
      void message.success(t('已保存，新订单使用新版本', 'Saved; new orders use it'));
      props.done();
    },
  };
  const save = (): void => {
    if (template) edit.mutate({ params: { id: template.id }, body: { name, content, archived } }, saved);
    else create.mutate({ body: { name, content } }, saved);
  };
  const failure = create.error ?? edit.error;
  const names = labels(t);
  const readOnly = !may('products.edit');
  return (
    <div className="template-editor">
      <div className="stack">
        {
          props.from &&
          <Alert type="info" showIcon title={t('这是旧版本的文字，保存后成为最新版本。', 'Words of an older version; saving makes them the newest.')} /> // prettier-ignore
        }
        <label className="stack" style={{ gap: 4 }}>
          {t('模板名称', 'Name')}
          <Input value={name} maxLength={80} readOnly={readOnly} onChange={(e) => setName(e.target.value)} />
        </label>
        <Segmented<Locale>
          value={locale}
          onChange={setLocale}
          options={[
            { value: 'zh-CN', label: '中文' },
            { value: 'en', label: 'English' },
          ]}
        />
        {fieldList.map((field) => {
          const problem = problems.get(`${locale}.${field}`);
          return (
            <label key={`${locale}.${field}`} className="stack" style={{ gap: 4 }}>
              {names[field]}
              <Input.TextArea
                value={texts[field] ?? ''}
                rows={rows[field]}
                maxLength={field === 'sms' ? 500 : field === 'mailSubject' ? 300 : field === 'validity' ? 2000 : 8000}
                status={problem === undefined ? '' : 'error'}
                readOnly={readOnly}
                onFocus={() => {
                  last.current = field;
                }}
                onChange={(e) => write(field, e.target.value)}
              />
              {problem !== undefined && <span className="cell-problem">{problem}</span>}
            </label>
          );
        })}
        {template && (
          <label className="row">
            <Switch checked={archived} disabled={readOnly} onChange={setArchived} /> {t('停用此模板', 'Archived')}
          </label>
        )}
        {failure && <ErrorPanel error={failure} />}
        {!readOnly && (
          <div className="row">
            <Button
              type="primary"
              disabled={name.trim() === '' || problems.size > 0}
              loading={create.isPending || edit.isPending}
              onClick={save}
            >
              {template ? t('保存为新版本', 'Save as a new version') : t('创建模板', 'Create')}
            </Button>
            <Button onClick={props.done}>{t('取消', 'Cancel')}</Button>
          </div>
        )}
      </div>
      <div className="stack">
        <Card size="small" title={t('可用变量（点击插入）', 'Variables (press to insert)')}>
          <div className="row">
            {variables(t).map(([path, what]) => (
              <Tag
                key={path}
                className="mono"
                style={{ cursor: 'pointer' }}
                role="button"
                tabIndex={0}
                title={what}
                onClick={() => !readOnly && write(last.current, `${texts[last.current] ?? ''}{{ ${path} }}`)}
                onKeyDown={(e) => {
                  if (e.key === 'Enter' && !readOnly) write(last.current, `${texts[last.current] ?? ''}{{ ${path} }}`);
                }}
              >
                {`{{ ${path} }}`} <span className="mute">{what}</span>
              </Tag>
            ))}
          </div>
        </Card>
        <Card size="small" title={t('预览', 'Preview')}>
          <div className="stack">
            <Input.Search
              allowClear
              aria-label={t('用真实订单预览', 'Preview with a real order')}
              placeholder={t(
                '订单号：用真实订单预览（不显示卡密）',
                'Order number: preview with a real order (goods hidden)',
              )}
              onSearch={(value) => setOrderNo(value.trim())}
            />
            {wrong && problems.size === 0 && <ErrorPanel error={wrong} />}
            {preview && <PreviewTexts preview={preview} names={names} locale={locale} />}
          </div>
        </Card>
      </div>
    </div>
  );
}

function PreviewTexts({
  preview,
  locale,
  names,
}: {
  readonly preview: Preview;
  readonly locale: Locale;
  readonly names: Record<FieldName, string>;
}): ReactNode {
  const t = useT();
  const { mail, texts } = preview;
  const page = [texts['validity'], texts['instructions'], texts['page']].filter(Boolean).join('\n\n');
  return (
    <>
      <section aria-label={t('邮件', 'Mail')}>
        <b lang={locale}>{mail.subject}</b>
        <pre className="preview">{mail.text}</pre>
      </section>
      <section aria-label={names.page}>
        <b>{names.page}</b>
        <pre className="preview">{page || t('（内置文字）', '(built-in words)')}</pre>
      </section>
      {texts['sms'] !== undefined && (
        <section aria-label={names.sms}>
          <b>{names.sms}</b>
          <pre className="preview">{texts['sms']}</pre>
        </section>
      )}
    </>
  );
}

function problemsOf(error: ApiError | undefined): Map<string, string> {
  if (error?.code !== 'TEMPLATE_INVALID' || !Array.isArray(error.detail)) return new Map();
  return new Map((error.detail as { field: string; problem: string }[]).map((p) => [p.field, p.problem]));
}

/** Follows the typing, a moment behind it. */
function usePreview(
  content: Content,
  locale: Locale,
  orderNo: string,
): { readonly preview: Preview | undefined; readonly error: ApiError | undefined } {
  const [state, set] = useState<{ preview: Preview | undefined; error: ApiError | undefined }>({
    preview: undefined,
    error: undefined,
  });
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      const body = { content, locale, ...(orderNo !== '' && { orderNo }) };
      ask('post', '/api/console/templates/preview', { body, signal: stop.signal }).then(
        (preview) => set({ preview, error: undefined }),
        (error: unknown) => {
          // The last good preview stays beside what is wrong now.
          if (!stop.signal.aborted) set((before) => ({ preview: before.preview, error: error as ApiError }));
        },
      );
    }, 350);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [content, locale, orderNo]);
  return state;
}
