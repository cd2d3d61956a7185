/** 批量导入商品: template → upload → columns → preview with each wrong cell → all or only the good rows → undo. */
import { Alert, Button, Card, Form, Radio, Select, Steps, Tag, Upload } from 'antd';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { ApiError } from '../api/client.ts';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { useFilters } from '../ui/filters.ts';
import { Time } from '../ui/format.tsx';
import { Icon } from '../ui/icons.tsx';
import { importStateName, sendFile, useImport, type Import } from '../ui/imports.tsx';
import { Page } from '../ui/page.tsx';
import { usePaging } from '../ui/paging.ts';
import { ResourceTable } from '../ui/resource-table.tsx';
import { fieldNames, fields, type Field } from '../ui/sheet-fields.ts';
import { EmptyState, ErrorPanel, Loaded } from '../ui/states.tsx';
import { SheetPreview, SheetResult } from './product-import-preview.tsx';

type Imports = Read<'/api/console/imports'>;

interface Choice {
  readonly rule: 'skip' | 'update';
  readonly mode: 'live' | 'test';
}
type Mapping = Record<string, Field>;

export function ProductImportScreen(): ReactNode {
  const t = useT();
  const { filters, set } = useFilters();
  const [file, setFile] = useState<File>();
  const [choice, setChoice] = useState<Choice>({ rule: 'skip', mode: 'live' });
  const [sending, setSending] = useState(false);
  const [failed, setFailed] = useState<ApiError>();
  const begin = useChange('post', '/api/console/imports/products');
  const id = filters['id'] === undefined ? undefined : Number(filters['id']);
  const open = (next: number | undefined): void => {
    setFailed(undefined);
    set({ id: next === undefined ? undefined : String(next) });
  };
  const start = async (body: File, mapping: Mapping = {}): Promise<void> => {
    setSending(true);
    setFailed(undefined);
    try {
      const made = await begin.mutateAsync({ body: { ...choice, fileName: body.name, mapping } });
      const failure = await sendFile(made.id, body);
      if (failure) setFailed(failure);
      else open(made.id);
    } catch {
      // Shown from the mutation.
    } finally {
      setSending(false);
    }
  };
  return (
    <Page
      title={t('批量导入', 'Product sheet')}
      why={t(
        '下载模板，填写商品名称、SKU编码、售价、发货内容等，再上传。确认之前不会写入任何商品。',
        'Fill in the template and upload it. Nothing is written before you confirm.',
      )}
      actions={
        <Button href="/api/console/product-template.xlsx" download icon={<Icon name="text" />}>
          {t('下载模板', 'Template')}
        </Button>
      }
    >
      {id === undefined ? (
        <>
          <Progress at={0} />
          <Card>
            <UploadForm
              file={file}
              choose={setFile}
              choice={choice}
              change={setChoice}
              sending={sending}
              start={() => file && void start(file)}
            />
            {begin.error && <ErrorPanel error={begin.error} />}
            {failed && <ErrorPanel error={failed} />}
          </Card>
          <Past open={open} />
        </>
      ) : (
        <Current
          key={id}
          id={id}
          file={file}
          choose={setFile}
          sending={sending}
          failed={begin.error ?? failed}
          remap={(body, mapping) => void start(body, mapping)}
          leave={() => open(undefined)}
        />
      )}
    </Page>
  );
}

function Progress({ at }: { readonly at: number }): ReactNode {
  const t = useT();
  return (
    <Steps
      size="small"
      responsive={false}
      titlePlacement="vertical"
      current={at}
      items={[
        { title: t('上传', 'Upload') },
        { title: t('对应列', 'Columns') },
        { title: t('预览', 'Preview') },
        { title: t('完成', 'Done') },
      ]}
    />
  );
}

function UploadForm(props: {
  readonly file: File | undefined;
  readonly choose: (file: File | undefined) => void;
  readonly choice: Choice;
  readonly change: (choice: Choice) => void;
  readonly sending: boolean;
  readonly start: () => void;
}): ReactNode {
  const t = useT();
  const { choice, change } = props;
  return (
    <Form layout="vertical" requiredMark={false} onFinish={props.start}>
      <FilePicker file={props.file} choose={props.choose} />
      <div className="row" style={{ marginTop: 16, gap: 32 }}>
        <Form.Item label={t('SKU编码 已存在的商品', 'SKUs that exist already')}>
          <Radio.Group
            value={choice.rule}
            onChange={(e) => change({ ...choice, rule: e.target.value as Choice['rule'] })}
            options={[
              { value: 'skip', label: t('跳过', 'Leave them') },
              { value: 'update', label: t('按表格更新', 'Update them') },
            ]}
          />
        </Form.Item>
        <Form.Item label={t('发货内容（卡密）用于', 'Keys in the sheet are for')}>
          <Radio.Group
            value={choice.mode}
            onChange={(e) => change({ ...choice, mode: e.target.value as Choice['mode'] })}
            options={[
              { value: 'live', label: t('正式销售', 'Live') },
              { value: 'test', label: t('仅测试订单', 'Test orders only') },
            ]}
          />
        </Form.Item>
      </div>
      <Button type="primary" htmlType="submit" disabled={!props.file} loading={props.sending}>
        {t('下一步：检查', 'Next: check')}
      </Button>
    </Form>
  );
}

function FilePicker({
  file,
  choose,
}: {
  readonly file: File | undefined;
  readonly choose: (file: File | undefined) => void;
}): ReactNode {
  const t = useT();
  return (
    <Upload.Dragger
      maxCount={1}
      accept=".xlsx,.csv"
      fileList={file ? [{ uid: '1', name: file.name, size: file.size }] : []}
      beforeUpload={(chosen) => {
        choose(chosen);
        return false;
      }}
      onRemove={() => choose(undefined)}
    >
      <p>
        <Icon name="upload" size={28} />
      </p>
      <p>{t('点击选择 .xlsx 或 .csv，或把文件拖到这里', 'Choose an .xlsx or .csv file, or drop it here')}</p>
    </Upload.Dragger>
  );
}

function Current(props: {
  readonly id: number;
  readonly file: File | undefined;
  readonly choose: (file: File | undefined) => void;
  readonly sending: boolean;
  readonly failed: unknown;
  readonly remap: (file: File, mapping: Mapping) => void;
  readonly leave: () => void;
}): ReactNode {
  const { item, refresh } = useImport(props.id);
  const [mapping, setMapping] = useState(false);
  return (
    <Loaded of={item}>
      {(data) => {
        const unmapped = data.failureCode === 'IMPORT_COLUMNS';
        if (mapping || unmapped) {
          return (
            <>
              <Progress at={1} />
              <Columns {...props} item={data} back={unmapped ? props.leave : () => setMapping(false)} />
            </>
          );
        }
        const ended = !['receiving', 'received', 'ready'].includes(data.state);
        return (
          <>
            <Progress at={ended ? 3 : 2} />
            {data.state === 'ready' ? (
              <SheetPreview item={data} refresh={refresh} leave={props.leave} columns={() => setMapping(true)} />
            ) : (
              <SheetResult item={data} leave={props.leave} />
            )}
          </>
        );
      }}
    </Loaded>
  );
}

/** Which column of the file is what: where headers are foreign, or were taken for something else. */
function Columns(props: {
  readonly item: Import;
  readonly file: File | undefined;
  readonly choose: (file: File | undefined) => void;
  readonly sending: boolean;
  readonly failed: unknown;
  readonly remap: (file: File, mapping: Mapping) => void;
  readonly back: () => void;
}): ReactNode {
  const t = useT();
  const { item, file } = props;
  const detail = (item.failureDetail ?? {}) as { headers?: string[]; columns?: (string | null)[]; missing?: string[] };
  const all = item.headers.length > 0 ? item.headers : (detail.headers ?? []);
  const columns = item.headers.length > 0 ? item.columns : (detail.columns ?? []);
  const headers = all.filter((header) => header !== '');
  const knownAs = (header: string): Field | undefined => fields.find((f) => f === columns[all.indexOf(header)]);
  const [chosen, setChosen] = useState<Record<string, Field | undefined>>(() =>
    Object.fromEntries(headers.map((header) => [header, knownAs(header)])),
  );
  const names = fieldNames(t);
  const taken = Object.values(chosen);
  const lacking = (['name', 'sku', 'price'] as const).filter((field) => !taken.includes(field));
  const twice = fields.filter((field) => taken.filter((other) => other === field).length > 1);
  const go = (): void => {
    const mapping = Object.entries(chosen).flatMap(([header, field]) => (field ? [[header, field] as const] : []));
    if (file) props.remap(file, Object.fromEntries(mapping));
  };
  return (
    <Card title={t('表格的每一列是什么？', 'What is each column?')}>
      <div className="stack">
        {detail.missing && (
          <Alert
            type="warning"
            showIcon
            title={t(
              `未识别到必填列：${detail.missing.join('、')}`,
              `Needed and not found: ${detail.missing.join(', ')}`,
            )}
          />
        )}
        <div className="grid">
          {headers.map((header) => (
            // No label around it: a press on the list would count as one on the label, and close it.
            <div key={header} className="stack" style={{ gap: 4 }}>
              <b>{header}</b>
              <Select<Field>
                allowClear
                aria-label={header}
                placeholder={t('不导入这一列', 'Leave this column out')}
                value={chosen[header] ?? null}
                onChange={(field?: Field) => setChosen({ ...chosen, [header]: field })}
                options={fields.map((value) => ({ value, label: names[value] }))}
              />
            </div>
          ))}
        </div>
        {!file && (
          <>
            <div>{t('请再次选择同一个文件：', 'Choose the same file once more:')}</div>
            <FilePicker file={file} choose={props.choose} />
          </>
        )}
        {
          twice.length > 0 &&
          <Alert type="error" showIcon title={t(`选了两次：${twice.map((f) => names[f]).join('、')}`, `Chosen twice: ${twice.map((f) => names[f]).join(', ')}`)} /> // prettier-ignore
        }
        {props.failed !== null && props.failed !== undefined && <ErrorPanel error={props.failed} />}
        <div className="row">
          <Button
            type="primary"
            onClick={go}
            loading={props.sending}
            disabled={!file || lacking.length > 0 || twice.length > 0}
          >
            {t('按此检查', 'Check with these')}
          </Button>
          <Button onClick={props.back}>{t('返回', 'Back')}</Button>
          {lacking.length > 0 && (
            <span className="mute">
              {t(
                `还需指定：${lacking.map((f) => names[f]).join('、')}`,
                `Still needed: ${lacking.map((f) => names[f]).join(', ')}`,
              )}
            </span>
          )}
        </div>
      </div>
    </Card>
  );
}

function Past({ open }: { readonly open: (id: number) => void }): ReactNode {
  const t = useT();
  const paging = usePaging();
  const imports = useRead('/api/console/imports', {
    query: { kind: 'products', limit: 20, ...(paging.before && { after: paging.before }) },
  });
  return (
    <Card size="small" title={t('导入记录', 'Earlier imports')}>
      <ResourceTable<Imports, Imports['items'][number]>
        of={imports}
        label={t('导入记录', 'Earlier imports')}
        rows={(data) => data.items}
        rowKey={(row) => row.id}
        onOpen={(row) => open(row.id)}
        more={paging.more(imports.data?.next)}
        empty={<EmptyState what={t('还没有导入过', 'Nothing was imported yet')} />}
        columns={[
          { title: t('文件', 'File'), render: (row) => row.fileName || `#${row.id}` },
          { title: t('时间', 'Time'), render: (row) => <Time at={row.createdAt} /> },
          {
            title: t('状态', 'State'),
            render: (row) =>
              row.undone === null ? (
                <Tag color={row.state === 'done' ? 'green' : row.state === 'failed' ? 'red' : 'default'}>
                  {importStateName(row.state, t)}
                </Tag>
              ) : (
                <Tag>{t('已撤销', 'Undone')}</Tag>
              ),
          },
          {
            title: t('商品', 'Products'),
            align: 'right',
            render: (row) => (row.state === 'done' ? row.added : row.good),
          },
          { title: t('错误行', 'Bad rows'), align: 'right', render: (row) => row.bad },
          {
            title: t('操作', 'Actions'),
            render: (row) => (
              <Link to="/products/import" search={{ id: String(row.id) }} onClick={(e) => e.stopPropagation()}>
                {t('查看', 'Open')}
              </Link>
            ),
          },
        ]}
      />
    </Card>
  );
}
