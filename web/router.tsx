/** Addresses of the console, for who is signed in. Each screen is a chunk of its own. */
import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ErrorPanel } from './ui/error-panel.tsx';
import { Frame } from './shell/frame.tsx';
import { innerScreens, menu } from './shell/menu.ts';

const root = createRootRoute({ component: Frame });

interface Filters {
  readonly [key: string]: string | number | undefined;
}
const screens = [...menu.flatMap((group) => group.items), ...innerScreens].map(({ path, screen }) =>
  createRoute({
    getParentRoute: () => root,
    path,
    component: screen,
    // Filters stand in the address, so that a view can be shared and found again.
    validateSearch: (search): Filters => search as Filters,
  }),
);

function Failed({ error }: { readonly error: unknown }): ReactNode {
  return <ErrorPanel error={error} retry={() => location.reload()} />;
}

export const router = createRouter({
  basepath: '/console',
  routeTree: root.addChildren(screens),
  defaultErrorComponent: Failed,
  defaultPreload: 'intent',
  scrollRestoration: true,
});
