/** Where a person is signed in. */
import { Button, Drawer, Popconfirm } from 'antd';
import type { ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useI18n } from '../i18n.tsx';
import { Time } from '../ui/format.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState, ErrorPanel } from '../ui/states.tsx';
import { device } from './me.tsx';

type Data = Read<'/api/console/staff/:id/sessions'>;

export function StaffSessions(props: {
  readonly id: number;
  readonly name: string;
  readonly close: () => void;
}): ReactNode {
  const { t, language } = useI18n();
  const params = { params: { id: props.id } };
  const sessions = useRead('/api/console/staff/:id/sessions', params);
  const end = useChange('delete', '/api/console/staff/:id/sessions');
  return (
    <Drawer
      open
      size={640}
      title={t(`${props.name} 的登录设备`, `Devices of ${props.name}`)}
      onClose={props.close}
      destroyOnHidden
    >
      <div className="stack">
        <ResourceTable<Data, Data['sessions'][number]>
          of={sessions}
          label={t('登录设备', 'Devices')}
          rows={(data) => data.sessions}
          rowKey={(row) => row.id}
          empty={<EmptyState what={t('没有登录', 'Not signed in anywhere')} />}
          columns={[
            { title: t('设备', 'Device'), render: (row) => device(row.agent, language) },
            { title: t('地址', 'Address'), render: (row) => <span className="mono">{row.address}</span> },
            { title: t('登录时间', 'Since'), render: (row) => <Time at={row.createdAt} /> },
            { title: t('最近活动', 'Last seen'), render: (row) => <Time at={row.seenAt} /> },
          ]}
        />
        {end.error && <ErrorPanel error={end.error} />}
        <Popconfirm
          title={t('让此人的所有设备退出登录？', 'End all sessions of this person?')}
          onConfirm={() => end.mutate(params)}
        >
          <Button danger disabled={(sessions.data?.sessions.length ?? 0) === 0}>
            {t('全部退出', 'Sign out everywhere')}
          </Button>
        </Popconfirm>
      </div>
    </Drawer>
  );
}
