/** What lies behind the door: the addresses, and the messages that float over every screen. */
import { App } from 'antd';
import { RouterProvider } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { router } from '../router.tsx';

export function Inside(): ReactNode {
  return (
    <App>
      <RouterProvider router={router} />
    </App>
  );
}
