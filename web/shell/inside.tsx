/** What lies behind the door: the addresses, and the messages that float over every screen. */
import { App } from 'antd';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect, type ReactNode } from 'react';
import { router } from '../router.tsx';
import { returnFocus } from './return-focus.ts';

export function Inside(): ReactNode {
  useEffect(returnFocus, []);
  return (
    <App>
      <RouterProvider router={router} />
    </App>
  );
}
