/** Signed in: the frame. Not signed in: the door. */
import { Spin } from 'antd';
import { lazy, Suspense, type ReactNode } from 'react';
import { useRead } from '../api/hooks.ts';
import { ErrorPanel } from '../ui/states.tsx';
import { LoginScreen } from '../screens/login.tsx';

const Frame = lazy(() => import('./frame.tsx').then((module) => ({ default: module.Frame })));

export function Gate(): ReactNode {
  const session = useRead('/api/console/session', {}, { refetchInterval: 300_000 });
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
      <Frame />
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
