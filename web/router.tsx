/** Addresses of the console. Each screen is a chunk of its own; who is not signed in sees the door. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ErrorPanel } from './ui/states.tsx';
import { Gate } from './shell/gate.tsx';
import { innerScreens, menu } from './shell/menu.ts';

const root = createRootRoute({ component: Outlet });
const gate = createRoute({ getParentRoute: () => root, id: 'gate', component: Gate });

interface Filters {
  readonly [key: string]: string | number | undefined;
}
const screens = [...menu.flatMap((group) => group.items), ...innerScreens].map(({ path, screen }) =>
  createRoute({
    getParentRoute: () => gate,
    path,
    component: screen,
    // Filters stand in the address, so that a view can be shared and found again.
    validateSearch: (search): Filters => search as Filters,
  }),
);

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(() => import('./screens/setup.tsx'), 'SetupScreen'),
});

function Failed({ error }: { readonly error: unknown }): ReactNode {
  return <ErrorPanel error={error} retry={() => location.reload()} />;
}

export const router = createRouter({
  basepath: '/console',
  routeTree: root.addChildren([gate.addChildren(screens), setup]),
  defaultErrorComponent: Failed,
  defaultPreload: 'intent',
  scrollRestoration: true,
});
