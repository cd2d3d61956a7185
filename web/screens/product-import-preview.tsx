/** A checked product sheet: what each row would do, which cell is wrong and why; then what became of it. */
import { Alert, App, Button, Card, Popconfirm, Segmented, Spin, Statistic, Tag } from 'antd';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n, useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { ImportFailure, type Import } from '../ui/imports.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { fieldNames } from '../ui/sheet-fields.ts';
import { EmptyState, ErrorPanel, useErrorText } from '../ui/states.tsx';

type Rows = Read<'/api/console/imports/:id/rows'>;
type Row = Rows['items'][number];
const page = 50;

export function SheetPreview(props: {
  readonly item: Import;
  readonly refresh: () => void;
  readonly leave: () => void;
  readonly columns: () => void;
}): ReactNode {
  const t = useT();
  const { item } = props;
  const confirm = useChange('post', '/api/console/imports/:id/confirm-products');
  const cancel = useChange('post', '/api/console/imports/:id/cancel');
  const params = { id: item.id };
  const go = (onlyGood: boolean): void => confirm.mutate({ params, body: { onlyGood } }, { onSuccess: props.refresh });
  const unknown = item.columns.flatMap((column) => /^\((.+)\)$/.exec(column)?.[1] ?? []);
  return (
    <>
      <div className="tiles">
        <Tile title={t('新建', 'New')} value={item.actions?.create ?? item.good} />
        <Tile title={t('更新', 'Updated')} value={item.actions?.update ?? 0} />
        <Tile title={t('已存在，跳过', 'There already, left')} value={item.actions?.skip ?? 0} />
        <Tile title={t('错误行', 'Bad rows')} value={item.bad} bad={item.bad > 0} />
      </div>
      {unknown.length > 0 && (
        <Alert
          type="info"
          showIcon
          title={t(`以下列不会导入：${unknown.join('、')}`, `Columns that are left out: ${unknown.join(', ')}`)}
          action={
            <Button size="small" onClick={props.columns}>
              {t('调整列对应', 'Change columns')}
            </Button>
          }
        />
      )}
      {item.good === 0 && item.bad === 0 && (
        <Alert
          type="warning"
          showIcon
          title={t('没有需要导入的商品：所有 SKU 都已存在', 'Nothing to import: every SKU is there already')}
          description={t(
            '如需修改已有商品，请返回并选择“按表格更新”。',
            'To change them, go back and choose “Update them”.',
          )}
        />
      )}
      {confirm.error && <ErrorPanel error={confirm.error} />}
      <div className="row">
        {item.bad === 0 ? (
          <Button type="primary" disabled={item.good === 0} loading={confirm.isPending} onClick={() => go(false)}>
            {t(`全部导入（${item.good}）`, `Import all (${item.good})`)}
          </Button>
        ) : (
          <>
            <Button type="primary" disabled={item.good === 0} loading={confirm.isPending} onClick={() => go(true)}>
              {t(`只导入正确的 ${item.good} 行`, `Import the ${item.good} good rows`)}
            </Button>
            <Button href={`/api/console/imports/${item.id}/errors.xlsx`} download>
              {t('下载错误行', 'Download the bad rows')}
            </Button>
          </>
        )}
        {unknown.length === 0 && <Button onClick={props.columns}>{t('调整列对应', 'Change columns')}</Button>}
        <Button loading={cancel.isPending} onClick={() => cancel.mutate({ params }, { onSuccess: props.leave })}>
          {t('取消', 'Cancel')}
        </Button>
      </div>
      <RowTable item={item} />
    </>
  );
}

function Tile({
  title,
  value,
  bad,
}: {
  readonly title: string;
  readonly value: number;
  readonly bad?: boolean;
}): ReactNode {
  return (
    <Card size="small">
      <Statistic title={title} value={value} {...(bad === true && { styles: { content: { color: '#dc2626' } } })} />
    </Card>
  );
}

function RowTable({ item }: { readonly item: Import }): ReactNode {
  const { t, language } = useI18n();
  const [bad, setBad] = useState<'true' | 'false'>(item.bad > 0 ? 'true' : 'false');
  const [from, setFrom] = useState(0);
  const rows = useRead('/api/console/imports/:id/rows', { params: { id: item.id }, query: { from, limit: page, bad } });
  const names: Record<string, string> = fieldNames(t);
  const action: Record<Row['action'], ReactNode> = {
    create: <Tag color="green">{t('新建', 'New')}</Tag>,
    update: <Tag color="blue">{t('更新', 'Update')}</Tag>,
    skip: <Tag>{t('跳过', 'Left')}</Tag>,
  };
  return (
    <Card size="small">
      <div className="stack">
        <Segmented<'true' | 'false'>
          value={bad}
          onChange={(value) => {
            setBad(value);
            setFrom(0);
          }}
          options={[
            { value: 'true', label: t(`错误行（${item.bad}）`, `Bad rows (${item.bad})`) },
            { value: 'false', label: t(`全部（${item.lines}）`, `All (${item.lines})`) },
          ]}
        />
        <ResourceTable<Rows, Row>
          of={rows}
          label={t('表格预览', 'Rows of the sheet')}
          rows={(data) => data.items}
          rowKey={(row) => row.line}
          empty={<EmptyState what={bad === 'true' ? t('没有错误', 'No mistakes') : t('没有内容', 'No rows')} />}
          more={{
            has: from + page < (rows.data?.total ?? 0),
            first: from === 0,
            next: () => setFrom(from + page),
            back: () => setFrom(Math.max(0, from - page)),
          }}
          columns={[
            { title: t('行', 'Row'), width: 70, render: (row) => row.line },
            {
              title: t('商品', 'Product'),
              render: (row) => (
                <div>
                  {row.name || '—'}
                  <div className="mute mono small">{row.sku}</div>
                </div>
              ),
            },
            { title: t('卡密', 'Keys'), align: 'right', width: 80, render: (row) => row.keys || '—' },
            {
              title: t('结果', 'Result'),
              render: (row) =>
                row.problems.length === 0
                  ? action[row.action]
                  : row.problems.map((p, i) => (
                      <div key={i} className="cell-problem">
                        <b>{names[p.field] ?? p.field}</b>：{language === 'en' ? p.en : p.zh}
                      </div>
                    )),
            },
          ]}
        />
      </div>
    </Card>
  );
}

export function SheetResult({ item, leave }: { readonly item: Import; readonly leave: () => void }): ReactNode {
  const t = useT();
  const may = useMay();
  const { message } = App.useApp();
  const errorText = useErrorText();
  const undo = useChange('post', '/api/console/imports/:id/undo-products');
  if (['receiving', 'received', 'confirmed'].includes(item.state)) {
    const doing = item.state === 'confirmed' ? t('正在导入…', 'Importing…') : t('正在检查…', 'Checking…');
    return (
      <Card>
        <div className="row" role="status">
          <Spin /> {doing}
        </div>
      </Card>
    );
  }
  const again = <Button onClick={leave}>{t('再导入一个表格', 'Import another sheet')}</Button>;
  if (item.state !== 'done') {
    return (
      <>
        <ImportFailure item={item} />
        <div className="row">{again}</div>
      </>
    );
  }
  const late = item.good - item.added;
  return (
    <>
      {item.undone === null ? (
        <Alert
          type="success"
          showIcon
          title={t(`已导入 ${item.added} 个商品`, `${item.added} products imported`)}
          description={
            late > 0
              ? t(
                  `另有 ${late} 个 SKU 在检查之后被他人创建，未改动。`,
                  `${late} SKUs were made by somebody else meanwhile and stay.`,
                )
              : t('商品已可在列表中看到。', 'You find them in the list.')
          }
        />
      ) : (
        <Alert
          type="info"
          showIcon
          title={t(
            `已撤销，涉及 ${item.undone} 个商品`,
            `Undone; ${item.undone} products went or became what they were`,
          )}
        />
      )}
      {undo.error && <ErrorPanel error={undo.error} />}
      <div className="row">
        <Link to="/products">
          <Button type="primary">{t('查看商品', 'See the products')}</Button>
        </Link>
        {again}
        {item.bad > 0 && (
          <Button href={`/api/console/imports/${item.id}/errors.xlsx`} download>
            {t('下载错误清单', 'Download the mistakes')}
          </Button>
        )}
        {may('products.edit') && item.undone === null && (
          <Popconfirm
            title={t('撤销这次导入？', 'Take this import back?')}
            description={t(
              '新建的商品会被删除，更新过的恢复原样。已有订单或已售卡密时不能撤销。',
              'New products go, changed ones become what they were. Not possible once something was ordered.',
            )}
            okButtonProps={{ danger: true }}
            onConfirm={() =>
              undo.mutate(
                { params: { id: item.id } },
                {
                  onSuccess: () => void message.success(t('已撤销', 'Undone')),
                  onError: (error) => void message.error(errorText(error).cause),
                },
              )
            }
          >
            <Button danger loading={undo.isPending}>
              {t('撤销导入', 'Undo')}
            </Button>
          </Popconfirm>
        )}
      </div>
    </>
  );
}
