/** Our own few icons: line drawings on a 24 grid, coloured by the text around them. */
import type { ReactNode } from 'react';

const paths = {
  home: 'M4 11 12 4l8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z',
  pulse: 'M3 12h4l3-7 4 14 3-7h4',
  list: 'M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zm-6 9c0-3.3 2.7-6 6-6s6 2.7 6 6M16 4.5a3.5 3.5 0 0 1 0 6.5m2 3.5c1.9.9 3 2.9 3 5.5',
  box: 'M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8',
  key: 'M14.5 9.5a4 4 0 1 1-3-3M13 8l7 7v4h-4v-3h-3v-3',
  truck:
    'M3 7h11v9H3zm11 3h4l3 3v3h-7M7 19a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zm10 0a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z',
  card: 'M3 7a1 1 0 0 1 1-1h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1zM3 10h18M7 15h4',
  text: 'M6 3h9l4 4v14H6zM9 9h3m-3 4h7m-7 4h7',
  rule: 'M5 5h6v6H5zM13 13h6v6h-6zM8 11v5h5',
  flask: 'M9 3h6M10 3v6l-5 9a2 2 0 0 0 2 3h10a2 2 0 0 0 2-3l-5-9V3M7.5 15h9',
  chart: 'M4 20V4M4 20h16M8 16v-4m4 4V8m4 8v-6',
  shield: 'M12 3l7 3v6c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6z',
  log: 'M5 4h14v16H5zM8 8h8m-8 4h8m-8 4h5',
  gear: 'M12 15.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM12 3v2.5M12 18.5V21M3 12h2.5M18.5 12H21M5.6 5.6l1.8 1.8M16.6 16.6l1.8 1.8M18.4 5.6l-1.8 1.8M7.4 16.6l-1.8 1.8',
  hand: 'M7 12V6.5a1.5 1.5 0 0 1 3 0V11m0-.5v-5a1.5 1.5 0 0 1 3 0V11m0-4a1.5 1.5 0 0 1 3 0v4m0-1.5a1.5 1.5 0 0 1 3 0V15a6 6 0 0 1-6 6h-1a6 6 0 0 1-5-2.7L4.5 14a1.5 1.5 0 0 1 2.3-1.9L8 13.5',
  menu: 'M4 6h16M4 12h16M4 18h16',
  bell: 'M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 20a2 2 0 0 0 4 0',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-7 9c0-3.9 3.1-7 7-7s7 3.1 7 7',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4M18.4 5.6 17 7M7 17l-1.4 1.4',
  refresh: 'M20 11a8 8 0 0 0-14.5-4.5L4 8m0-4v4h4M4 13a8 8 0 0 0 14.5 4.5L20 16m0 4v-4h-4',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  money: 'M6 5l6 7 6-7M12 12v8M8 13h8M8 16h8',
  upload: 'M12 16V5m-4 4 4-4 4 4M5 19h14',
  bolt: 'M13.5 3 5 13.5h6L10 21l9-11h-6.5z',
  chat: 'M4 5h16v11H9l-5 4z',
  cart: 'M3 4h2.5l2.2 11h10l2-8H6.4M9 20a1.2 1.2 0 1 0 0-2.4A1.2 1.2 0 0 0 9 20zm8 0a1.2 1.2 0 1 0 0-2.4 1.2 1.2 0 0 0 0 2.4z',
  folder: 'M3 6h6l2 2h10v11H3z',
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }): ReactNode {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

/** Stands in a button while what it began is under way. */
export function Turning({ label }: { readonly label: string }): ReactNode {
  return (
    <span className="turning" role="img" aria-label={label}>
      <Icon name="refresh" size={14} />
    </span>
  );
}
