/** The import of keys: paste or file → check → preview → confirm, with progress. Nothing is in the pool before "confirm". */
import { Alert, Button, Form, Input, Progress, Radio, Segmented, Statistic, Table, Tag, Upload } from 'antd';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { ApiError } from '../api/client.ts';
import { useI18n } from '../i18n.tsx';
import { parseMoney } from '../ui/format.tsx';
import { Icon } from '../ui/icons.tsx';
import { ImportFailure, sendFile, useImport, type Import } from '../ui/imports.tsx';
import { EmptyState, ErrorPanel, Loaded } from '../ui/states.tsx';

interface Fields {
  readonly how: 'paste' | 'file';
  readonly mode: 'live' | 'test';
  readonly text?: string;
  readonly source: string;
  readonly cost?: string;
}

export function ImportWizard({
  productId,
  done,
}: {
  readonly productId: number;
  readonly done: () => void;
}): ReactNode {
  const { t } = useI18n();
  const [form] = Form.useForm<Fields>();
  const watched = Form.useWatch([], form) as Partial<Fields> | undefined;
  const how = watched?.how ?? 'paste';
  const [file, setFile] = useState<File>();
  const [id, setId] = useState<number>();
  const [sending, setSending] = useState(false);
  const [failed, setFailed] = useState<ApiError>();
  const begin = useChange('post', '/api/console/imports/cards');

  const send = async (importId: number, body: File): Promise<void> => {
    setSending(true);
    const failure = await sendFile(importId, body);
    setFailed(failure);
    setSending(false);
    if (!failure) setId(importId);
  };
  const start = (f: Fields): void => {
    setFailed(undefined);
    const costMinor = f.cost ? parseMoney(f.cost, 'CNY') : undefined;
    begin.mutate(
      {
        body: {
          productId,
          mode: f.mode,
          source: f.source,
          fileName: f.how === 'file' ? (file?.name ?? '') : '',
          ...(f.how === 'paste' && { text: f.text ?? '' }),
          ...(costMinor !== undefined && { costMinor, currency: 'CNY' }),
        },
      },
      { onSuccess: (data) => (f.how === 'file' && file ? void send(data.id, file) : setId(data.id)) },
    );
  };
  if (id !== undefined) return <ImportProgress id={id} done={done} again={() => setId(undefined)} />;
  return (
    <Form<Fields>
      form={form}
      layout="vertical"
      requiredMark={false}
      onFinish={start}
      initialValues={{ how: 'paste', mode: 'live', source: '' }}
    >
      <Form.Item name="how">
        <Segmented
          options={[
            { value: 'paste', label: t('粘贴', 'Paste') },
            { value: 'file', label: t('上传文件', 'Upload a file') },
          ]}
        />
      </Form.Item>
      {how === 'paste' ? (
        <Form.Item
          name="text"
          label={t('每行一个卡密', 'One key a line')}
          extra={t(
            '可用 卡号 密码、卡号,密码 或 卡号----密码 等格式，会自动识别分隔符',
            'Parts may be separated by spaces, commas, ---- and the like',
          )}
          rules={[{ required: true, message: t('请粘贴卡密', 'Paste the keys') }]}
        >
          <Input.TextArea rows={10} className="mono" spellCheck={false} autoComplete="off" autoFocus />
        </Form.Item>
      ) : (
        <Form.Item
          label={t('文件', 'File')}
          extra={t('Excel (.xlsx)、CSV、TXT；百万行也可以', 'Excel (.xlsx), CSV, TXT; a million lines are fine')}
        >
          <Upload.Dragger
            maxCount={1}
            accept=".xlsx,.csv,.txt,text/plain,text/csv"
            beforeUpload={(chosen) => {
              setFile(chosen);
              return false;
            }}
            onRemove={() => setFile(undefined)}
          >
            <p>
              <Icon name="upload" size={28} />
            </p>
            <p>{t('点击选择，或把文件拖到这里', 'Choose a file, or drop it here')}</p>
          </Upload.Dragger>
        </Form.Item>
      )}
      <Form.Item name="mode" label={t('用途', 'For')}>
        <Radio.Group
          options={[
            { value: 'live', label: t('正式销售', 'Live') },
            { value: 'test', label: t('仅测试订单', 'Test orders only') },
          ]}
        />
      </Form.Item>
      <div className="row">
        <Form.Item name="source" label={t('进货来源（可选）', 'Bought from (optional)')}>
          <Input maxLength={80} />
        </Form.Item>
        <Form.Item name="cost" label={t('单个成本（可选）', 'Cost of one (optional)')}>
          <Input inputMode="decimal" style={{ width: 120 }} />
        </Form.Item>
      </div>
      {begin.error && <ErrorPanel error={begin.error} />}
      {failed !== undefined && <ErrorPanel error={failed} />}
      <Button type="primary" htmlType="submit" loading={begin.isPending || sending} disabled={how === 'file' && !file}>
        {t('下一步：检查', 'Next: check')}
      </Button>
    </Form>
  );
}

function ImportProgress({
  id,
  done,
  again,
}: {
  readonly id: number;
  readonly done: () => void;
  readonly again: () => void;
}): ReactNode {
  const { item, refresh } = useImport(id);
  return <Loaded of={item}>{(data) => <ImportState item={data} done={done} again={again} refresh={refresh} />}</Loaded>;
}

function ImportState({
  item,
  done,
  again,
  refresh,
}: {
  readonly item: Import;
  readonly done: () => void;
  readonly again: () => void;
  readonly refresh: () => void;
}): ReactNode {
  const { t } = useI18n();
  const confirm = useChange('post', '/api/console/imports/:id/confirm');
  const cancel = useChange('post', '/api/console/imports/:id/cancel');
  const params = { params: { id: item.id } };
  if (item.state === 'receiving' || item.state === 'received') {
    return (
      <div className="stack">
        <Progress percent={100} status="active" showInfo={false} />
        <div>{t(`正在检查，已读 ${item.lines} 行…`, `Checking, ${item.lines} lines read…`)}</div>
      </div>
    );
  }
  if (item.state === 'confirmed') {
    const percent = item.good === 0 ? 0 : Math.floor(((item.added + item.late) / item.good) * 100);
    return (
      <div className="stack">
        <Progress percent={percent} status="active" />
        <div>
          {t(
            `正在导入 ${item.added} / ${item.good}，可以关闭此页`,
            `${item.added} of ${item.good} are in; you may close this`,
          )}
        </div>
      </div>
    );
  }
  if (item.state === 'done') {
    return (
      <div className="stack">
        <Alert
          type="success"
          showIcon
          title={t(`已导入 ${item.added} 个卡密`, `${item.added} keys imported`)}
          description={t('等待补货的订单会自动发出。', 'Orders that waited go out by themselves.')}
        />
        <Button type="primary" onClick={done}>
          {t('完成', 'Done')}
        </Button>
      </div>
    );
  }
  if (item.state !== 'ready') {
    return (
      <div className="stack">
        <ImportFailure item={item} />
        <Button onClick={again}>{t('重新开始', 'Start again')}</Button>
      </div>
    );
  }
  return (
    <div className="stack">
      <Duplicates item={item} />
      {item.overLimit.map((over) => (
        <Alert
          key={over.sku}
          type="error"
          showIcon
          title={t(
            `超过库存上限：${over.sku} 上限 ${over.limit}，已有 ${over.have}，本次 ${over.come}`,
            `Above the stock limit of ${over.sku}: limit ${over.limit}, there are ${over.have}, ${over.come} come`,
          )}
        />
      ))}
      <Table
        size="small"
        rowKey="line"
        pagination={false}
        scroll={{ y: 280 }}
        dataSource={item.preview}
        locale={{ emptyText: <EmptyState what={t('没有可导入的行', 'Nothing to import')} /> }}
        columns={[
          { title: t('行', 'Line'), dataIndex: 'line', width: 70 },
          {
            title: t('卡密（已遮盖）', 'Key (masked)'),
            render: (_, row) =>
              row.key.map((part, i) => (
                <Tag key={i} className="mono">
                  {part}
                </Tag>
              )),
          },
        ]}
      />
      <Problems id={item.id} any={item.bad + item.inFile + item.inStock + item.sold > 0} />
      {confirm.error && <ErrorPanel error={confirm.error} />}
      <div className="row">
        <Button
          type="primary"
          loading={confirm.isPending}
          disabled={item.good === 0 || item.overLimit.length > 0}
          onClick={() => confirm.mutate(params, { onSuccess: refresh })}
        >
          {t(`导入 ${item.good} 个卡密`, `Import ${item.good} keys`)}
        </Button>
        <Button onClick={() => cancel.mutate(params, { onSuccess: again })}>{t('取消', 'Cancel')}</Button>
      </div>
    </div>
  );
}

function Problems({ id, any }: { readonly id: number; readonly any: boolean }): ReactNode {
  const { t, language } = useI18n();
  const problems = useRead('/api/console/imports/:id/problems', { params: { id } }, { enabled: any });
  if (!any || !problems.data) return null;
  return (
    <details>
      <summary>{t('查看被跳过的行', 'Lines that are left out')}</summary>
      {problems.data.items.slice(0, 200).map((p) => (
        <div key={p.line} className="small">
          {t(`第 ${p.line} 行`, `line ${p.line}`)}：{language === 'en' ? p.en : p.zh}
        </div>
      ))}
    </details>
  );
}

function Duplicates({ item }: { readonly item: Import }): ReactNode {
  const { t } = useI18n();
  const found = item.inFile + item.inStock + item.sold + item.bad;
  return (
    <>
      <div className="tiles">
        <Statistic title={t('可导入', 'To be imported')} value={item.good} styles={{ content: { color: '#15803d' } }} />
        <Statistic title={t('文件内重复', 'Twice in the file')} value={item.inFile} />
        <Statistic title={t('库存中已有', 'In the pool already')} value={item.inStock} />
        <Statistic title={t('已售出过', 'Sold before')} value={item.sold} />
        <Statistic title={t('格式错误', 'Malformed')} value={item.bad} />
      </div>
      {found > 0 && (
        <Alert type="info" showIcon title={t('重复和错误的行会被跳过，不会导入。', 'These lines are left out.')} />
      )}
    </>
  );
}
