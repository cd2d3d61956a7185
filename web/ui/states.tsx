/** What a screen shows when it has nothing to show: loading, an error, empty. */
import { Empty, Skeleton, Typography } from 'antd';
import type { ReactNode } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import { ErrorPanel } from './error-panel.tsx';

export { ErrorPanel, useErrorText } from './error-panel.tsx';

/** An empty list says what it is, why it is empty, and the one next step. */
export function EmptyState(props: {
  readonly what: string;
  readonly why?: string | undefined;
  readonly action?: ReactNode;
}): ReactNode {
  return (
    <Empty
      image={Empty.PRESENTED_IMAGE_SIMPLE}
      description={
        <>
          <div>{props.what}</div>
          {props.why !== undefined && <Typography.Text type="secondary">{props.why}</Typography.Text>}
        </>
      }
    >
      {props.action}
    </Empty>
  );
}

/** A read, shown once it is there. */
export function Loaded<T>({
  of: query,
  children,
}: {
  readonly of: UseQueryResult<T>;
  readonly children: (data: T) => ReactNode;
}): ReactNode {
  if (query.data !== undefined) {
    return (
      <>
        {query.error && <ErrorPanel error={query.error} retry={() => void query.refetch()} />}
        {children(query.data)}
      </>
    );
  }
  if (query.error) return <ErrorPanel error={query.error} retry={() => void query.refetch()} />;
  return <Skeleton active paragraph={{ rows: 6 }} />;
}
