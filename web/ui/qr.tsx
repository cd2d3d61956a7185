/** A QR code as a picture of our own: no inline style, no request. */
import type { ReactNode } from 'react';
import { encode } from 'uqr';

export function Qr({
  text,
  size = 200,
  label,
}: {
  readonly text: string;
  readonly size?: number;
  readonly label: string;
}): ReactNode {
  const { data, size: cells } = encode(text, { border: 2 });
  let path = '';
  data.forEach((row, y) => {
    row.forEach((dark, x) => {
      if (dark) path += `M${x} ${y}h1v1h-1z`;
    });
  });
  return (
    <svg role="img" aria-label={label} width={size} height={size} viewBox={`0 0 ${cells} ${cells}`}>
      <rect width={cells} height={cells} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
