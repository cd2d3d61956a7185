/** A filter of a list that is typed: an order number, a SKU, a trade number. */
import { Input } from 'antd';
import type { ReactNode } from 'react';

interface Props {
  readonly label: string;
  readonly value: string | undefined;
  readonly onSearch: (value: string) => void;
  /** Pixels. */
  readonly width?: number;
}

export function FilterText({ label, value, onSearch, width = 230 }: Props): ReactNode {
  return (
    <Input.Search
      allowClear
      defaultValue={value}
      placeholder={label}
      aria-label={label}
      style={{ width }}
      onSearch={onSearch}
    />
  );
}
