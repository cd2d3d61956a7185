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
  screen('/queue', () => lazyRouteComponent(() => import('./screens/queue.tsx'), 'QueueScreen')),
  screen('/manual', () => lazyRouteComponent(() => import('./screens/manual.tsx'), 'ManualScreen')),
  screen('/test-order', () => lazyRouteComponent(() => import('./screens/test-order.tsx'), 'TestOrderScreen')),
  screen('/products', () => lazyRouteComponent(() => import('./screens/products.tsx'), 'ProductsScreen')),
  screen('/payments', () => lazyRouteComponent(() => import('./screens/payments.tsx'), 'PaymentsScreen')),
  screen('/rules', () => lazyRouteComponent(() => import('./screens/rules.tsx'), 'RulesScreen')),
  screen('/cards', () => lazyRouteComponent(() => import('./screens/cards.tsx'), 'CardsScreen')),
  screen('/channels', () => lazyRouteComponent(() => import('./screens/channels.tsx'), 'ChannelsScreen')),
  screen('/suppliers', () => lazyRouteComponent(() => import('./screens/suppliers.tsx'), 'SuppliersScreen')),
  screen('/settings', () => lazyRouteComponent(() => import('./screens/settings.tsx'), 'SettingsScreen')),
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
