/** Exports of keys: asked for with a reason, approved by a second person where that is set, taken once. */
import { Button, Card, Form, Input, Segmented, Select, Tag } from 'antd';
import type { ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT, type Translate } from '../i18n.tsx';
import { useMe } from '../shell/session.ts';
import { Time } from '../ui/format.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState, ErrorPanel } from '../ui/states.tsx';
import { TestTag } from '../ui/status.tsx';
import { cardStateName } from './card-list.tsx';

type Data = Read<'/api/console/exports'>;
type Row = Data['items'][number];

function stateName(state: Row['state'], t: Translate): string {
  const names: Record<Row['state'], string> = {
    asked: t('等待批准', 'Waits for approval'),
    approved: t('可下载', 'Ready'),
    refused: t('已拒绝', 'Refused'),
    taken: t('已下载', 'Taken'),
    expired: t('已过期', 'Expired'),
  };
  return names[state];
}

interface Fields {
  readonly mode: 'live' | 'test';
  readonly cardState: 'available' | 'sold' | 'expired' | 'void';
  readonly reason: string;
}

export function CardExports({ productId }: { readonly productId: number }): ReactNode {
  const t = useT();
  const me = useMe();
  const exports = useRead('/api/console/exports');
  const wanted = useChange('post', '/api/console/exports');
  const decide = useChange('post', '/api/console/exports/:id/decide');
  const [form] = Form.useForm<Fields>();
  return (
    <Card size="small" title={t('导出卡密', 'Export keys')}>
      <div className="stack">
        <Form<Fields>
          form={form}
          layout="inline"
          requiredMark={false}
          initialValues={{ mode: 'live', cardState: 'available' }}
          onFinish={(f) => wanted.mutate({ body: { ...f, productId } }, { onSuccess: () => form.resetFields() })}
        >
          <Form.Item name="mode">
            <Segmented
              options={[
                { value: 'live', label: t('正式', 'Live') },
                { value: 'test', label: t('测试', 'Test') },
              ]}
            />
          </Form.Item>
          <Form.Item name="cardState">
            <Select
              style={{ width: 120 }}
              aria-label={t('状态', 'State')}
              options={(['available', 'sold', 'expired', 'void'] as const).map((value) => ({ value, label: cardStateName(value, t) }))} // prettier-ignore
            />
          </Form.Item>
          <Form.Item name="reason" rules={[{ required: true, min: 2, message: t('请填写原因', 'Give a reason') }]}>
            <Input
              style={{ width: 240 }}
              maxLength={500}
              aria-label={t('导出原因', 'Why')}
              placeholder={t('导出原因（会记入审计）', 'Why (kept in the audit log)')}
            />
          </Form.Item>
          <Button htmlType="submit" loading={wanted.isPending}>
            {t('申请导出', 'Ask for an export')}
          </Button>
        </Form>
        {wanted.error && <ErrorPanel error={wanted.error} />}
        {decide.error && <ErrorPanel error={decide.error} />}
        <ResourceTable<Data, Row>
          of={exports}
          label={t('导出申请', 'Exports')}
          rows={(data) => data.items.filter((row) => row.productId === productId)}
          rowKey={(row) => row.id}
          empty={<EmptyState what={t('没有导出申请', 'No exports')} />}
          columns={[
            { title: t('申请', 'Asked'), render: (row) => (<>{row.askedBy} <Time at={row.createdAt} /></>) }, // prettier-ignore
            { title: t('内容', 'What'), render: (row) => (<>{cardStateName(row.cardState, t)} <TestTag mode={row.mode} /></>) }, // prettier-ignore
            { title: t('原因', 'Why'), render: (row) => row.reason },
            {
              title: t('状态', 'State'),
              render: (row) => (
                <>
                  <Tag
                    color={
                      { asked: 'gold', approved: 'green', refused: 'red', taken: 'default', expired: 'default' }[
                        row.state
                      ]
                    }
                  >
                    {stateName(row.state, t)}
                  </Tag>
                  {row.decidedBy !== null && <span className="mute">{row.decidedBy}</span>}
                </>
              ),
            },
            { title: t('数量', 'Keys'), align: 'right', render: (row) => row.cards ?? '—' },
            {
              title: t('操作', 'Actions'),
              render: (row) => {
                if (row.state === 'approved' && row.askedBy === me?.name) {
                  return (
                    <form
                      method="post"
                      action={`/api/console/exports/${row.id}/file`}
                      onSubmit={() => setTimeout(() => void exports.refetch(), 1_500)}
                    >
                      <Button size="small" type="primary" htmlType="submit">
                        {t('下载', 'Download')}
                      </Button>
                    </form>
                  );
                }
                if (row.state !== 'asked') return null;
                if (row.askedBy === me?.name)
                  return <span className="mute">{t('需另一人批准', 'Another person approves')}</span>;
                return (
                  <span className="row">
                    <Button
                      size="small"
                      onClick={() => decide.mutate({ params: { id: row.id }, body: { approve: true } })}
                    >
                      {t('批准', 'Approve')}
                    </Button>
                    <Button
                      size="small"
                      danger
                      onClick={() => decide.mutate({ params: { id: row.id }, body: { approve: false } })}
                    >
                      {t('拒绝', 'Refuse')}
                    </Button>
                  </span>
                );
              },
            },
          ]}
        />
      </div>
    </Card>
  );
}
