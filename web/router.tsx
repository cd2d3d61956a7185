/** Addresses of the console. Each screen is a chunk of its own; who is not signed in sees the door. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ErrorPanel } from './ui/states.tsx';
import { Gate } from './shell/gate.tsx';

const root = createRootRoute({ component: Outlet });
const gate = createRoute({ getParentRoute: () => root, id: 'gate', component: Gate });

interface Filters {
  readonly [key: string]: string | number | undefined;
}
const screen = (path: string, load: () => ReturnType<typeof lazyRouteComponent>): ReturnType<typeof makeScreen> =>
  makeScreen(path, load);
function makeScreen(path: string, load: () => ReturnType<typeof lazyRouteComponent>) {
  return createRoute({
    getParentRoute: () => gate,
    path,
    component: load(),
    // Filters stand in the address, so that a view can be shared and found again.
    validateSearch: (search): Filters => search as Filters,
  });
}

const screens = [
  screen('/', () => lazyRouteComponent(() => import('./screens/home.tsx'), 'HomeScreen')),
  screen('/monitor', () => lazyRouteComponent(() => import('./screens/dashboard.tsx'), 'DashboardScreen')),
  screen('/orders', () => lazyRouteComponent(() => import('./screens/orders.tsx'), 'OrdersScreen')),
  screen('/orders/$no', () => lazyRouteComponent(() => import('./screens/order.tsx'), 'OrderScreen')),
  screen('/failures', () => lazyRouteComponent(() => import('./screens/failures.tsx'), 'FailuresScreen')),
  screen('/audit', () => lazyRouteComponent(() => import('./screens/audit.tsx'), 'AuditScreen')),
  screen('/staff', () => lazyRouteComponent(() => import('./screens/staff.tsx'), 'StaffScreen')),
  screen('/me', () => lazyRouteComponent(() => import('./screens/me.tsx'), 'MeScreen')),
];

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
