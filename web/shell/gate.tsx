/** Signed in: the console. Not signed in: the door, which loads nothing of what lies behind it. */
import { Spin } from 'antd';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import { useRead } from '../api/hooks.ts';
import { LoginScreen } from '../screens/login.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';

const Inside = lazy(() => import('./inside.tsx').then((module) => ({ default: module.Inside })));
const SetupScreen = lazy(() => import('../screens/setup.tsx').then((module) => ({ default: module.SetupScreen })));

export function Gate(): ReactNode {
  const [setup, setSetup] = useState(() => location.pathname === '/console/setup');
  const session = useRead('/api/console/session', {}, { refetchInterval: 300_000 });
  if (setup) {
    const done = (): void => {
      history.replaceState(null, '', '/console');
      setSetup(false);
    };
    return (
      <Suspense fallback={<Wait />}>
        <SetupScreen done={done} />
      </Suspense>
    );
  }
  if (session.error) {
    return (
      <div className="center">
        <ErrorPanel error={session.error} retry={() => void session.refetch()} />
      </div>
    );
  }
  if (!session.data) return <Wait />;
  if (!session.data.me) return <LoginScreen firstStart={session.data.firstStart} />;
  return (
    <Suspense fallback={<Wait />}>
      <Inside />
    </Suspense>
  );
}

function Wait(): ReactNode {
  return (
    <div className="center">
      <Spin size="large" />
    </div>
  );
}
