/** The console starts here. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { ApiError, onSignedOut } from './api/client.ts';
import { I18nProvider } from './i18n.tsx';
import { Gate } from './shell/gate.tsx';
import './style.css';
import './style-screens.css';
import { ThemeProvider } from './theme.tsx';

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What the server refuses it refuses again; what was lost on the way is tried twice more.
      retry: (failures, error) => error instanceof ApiError && error.status === 0 && failures < 2,
    },
  },
});
onSignedOut(() => void client.invalidateQueries({ queryKey: ['/api/console/session'] }));

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <QueryClientProvider client={client}>
      <I18nProvider>
        <ThemeProvider>
          <Gate />
        </ThemeProvider>
      </I18nProvider>
    </QueryClientProvider>,
  );
}
