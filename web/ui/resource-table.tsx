/** A list of things: a table on a desk, cards on a phone, with loading, error and empty states, and pages by "more". */
import { Button, Table } from 'antd';
import type { ReactNode } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import { useT } from '../i18n.tsx';
import { ErrorPanel } from './states.tsx';
import { usePhone } from './use-phone.ts';

export interface Column<Row> {
  readonly title: string;
  readonly render: (row: Row) => ReactNode;
  readonly width?: number;
  readonly align?: 'right' | 'center';
  /** Left out of the cards of a phone. */
  readonly deskOnly?: boolean;
}

export function ResourceTable<Data, Row extends object>(props: {
  readonly of: UseQueryResult<Data>;
  readonly rows: (data: Data) => readonly Row[];
  readonly rowKey: (row: Row) => string | number;
  readonly columns: readonly Column<Row>[];
  readonly empty: ReactNode;
  readonly onOpen?: (row: Row) => void;
  /** Index of the row under the keyboard. */
  readonly cursor?: number | undefined;
  readonly selection?: {
    readonly keys: readonly (string | number)[];
    readonly onChange: (keys: (string | number)[]) => void;
  };
  readonly more?: {
    readonly has: boolean;
    readonly first: boolean;
    readonly next: () => void;
    readonly back: () => void;
  };
  readonly label: string;
}): ReactNode {
  const { of: query, columns, rowKey, onOpen } = props;
  const t = useT();
  const phone = usePhone();
  if (query.error && query.data === undefined) {
    return <ErrorPanel error={query.error} retry={() => void query.refetch()} />;
  }
  const rows = query.data === undefined ? [] : [...props.rows(query.data)];
  const pager = props.more && (props.more.has || !props.more.first) && (
    <div className="row">
      <Button disabled={props.more.first} onClick={props.more.back}>
        {t('上一页', 'Back')}
      </Button>
      <Button disabled={!props.more.has} onClick={props.more.next}>
        {t('下一页', 'Next')}
      </Button>
    </div>
  );
  if (phone) {
    return (
      <div className="cards" aria-busy={query.isLoading}>
        {query.error && <ErrorPanel error={query.error} />}
        {rows.length === 0 && !query.isLoading && props.empty}
        {rows.length > 0 && (
          <div className="cards" role="list" aria-label={props.label}>
            {rows.map((row, i) => (
              <div
                key={rowKey(row)}
                role="listitem"
                className="line-card"
                aria-current={props.cursor === i || undefined}
                onClick={onOpen && (() => onOpen(row))}
              >
                <dl>
                  {columns
                    .filter((column) => column.deskOnly !== true)
                    .map((column) => [column.title, column.render(row)] as const)
                    .filter(([, cell]) => cell !== null && cell !== undefined && cell !== false && cell !== '')
                    .map(([title, cell]) => (
                      <div key={title} style={{ display: 'contents' }}>
                        <dt>{title}</dt>
                        <dd>{cell}</dd>
                      </div>
                    ))}
                </dl>
              </div>
            ))}
          </div>
        )}
        {pager}
      </div>
    );
  }
  return (
    <div className="stack">
      {query.error && <ErrorPanel error={query.error} />}
      <Table<Row>
        size="middle"
        rowKey={rowKey}
        aria-label={props.label}
        loading={query.isLoading}
        dataSource={rows}
        pagination={false}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: query.isLoading ? ' ' : props.empty }}
        rowClassName={(_, i) => (props.cursor === i ? 'selected-row' : '')}
        {...(props.selection && {
          rowSelection: {
            selectedRowKeys: [...props.selection.keys],
            onChange: (keys) => props.selection?.onChange(keys as (string | number)[]),
          },
        })}
        onRow={(row, i) => ({
          'aria-current': props.cursor === i || undefined,
          ...(onOpen && { onClick: () => onOpen(row), style: { cursor: 'pointer' } }),
        })}
        columns={columns.map((column) => ({
          key: column.title,
          title: column.title,
          render: (_: unknown, row: Row) => column.render(row),
          ...(column.width !== undefined && { width: column.width }),
          ...(column.align && { align: column.align }),
        }))}
      />
      {pager}
    </div>
  );
}
