/** 对象存储: where files that are sold as links lie; a form from the server's own description, a try of one file. */
import { App, Button, Input, Tag } from 'antd';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { EditDrawer, useEditor } from '../ui/edit-drawer.tsx';
import { ModeItem, NameItem } from '../ui/items.tsx';
import { Page } from '../ui/page.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { filled, SchemaFields } from '../ui/schema-form.tsx';
import { EmptyState, useErrorText } from '../ui/states.tsx';

type Data = Read<'/api/console/object-stores'>;
type Store = Data['stores'][number];
interface Fields {
  readonly mode: 'live' | 'test';
  readonly name: string;
  readonly config?: Record<string, string | undefined>;
}

export function StoresScreen(): ReactNode {
  const t = useT();
  const may = useMay();
  const editor = useEditor<Store>();
  const stores = useRead('/api/console/object-stores');
  const create = useChange('post', '/api/console/object-stores');
  const update = useChange('put', '/api/console/object-stores/:id');
  return (
    <Page
      title={t('对象存储', 'Object stores')}
      why={t(
        '把要出售的文件放在云存储中，买家每次下载都得到临时地址。',
        'Files for sale lie in the cloud; each download gets an address of its own, for minutes.',
      )}
      actions={
        may('settings.edit') && (
          <Button type="primary" onClick={editor.add}>
            {t('添加对象存储', 'Add a store')}
          </Button>
        )
      }
    >
      <ResourceTable<Data, Store>
        of={stores}
        label={t('对象存储', 'Object stores')}
        rows={(data) => data.stores}
        rowKey={(row) => row.id}
        empty={
          <EmptyState
            what={t('还没有对象存储', 'No object stores yet')}
            why={t('支持阿里云 OSS、腾讯云 COS、AWS S3、Cloudflare R2、MinIO。', 'AWS S3, Cloudflare R2, MinIO, OSS, COS and what else speaks S3.')} // prettier-ignore
          />
        }
        columns={[
          { title: t('名称', 'Name'), render: (row) => (<>{row.name} {row.mode === 'test' && <Tag color="orange">{t('测试', 'Test')}</Tag>}</>) }, // prettier-ignore
          { title: t('存储桶', 'Bucket'), render: (row) => <span className="mono">{row.config['bucket']}</span> },
          { title: t('访问域名', 'Endpoint'), deskOnly: true, render: (row) => row.config['endpoint'] },
          { title: t('使用的商品', 'Products'), align: 'right', render: (row) => row.products },
          { title: t('操作', 'Actions'), render: (row) => may('settings.edit') && (<span className="row"><TryObject store={row} /><Button size="small" onClick={() => editor.edit(row)}>{t('编辑', 'Edit')}</Button></span>) }, // prettier-ignore
        ]}
      />
      {stores.data && (
        <EditDrawer<Store, Fields>
          of={editor}
          add={t('添加对象存储', 'Add a store')}
          fresh={{ mode: 'live' }}
          save={({ mode, name, config }, store) =>
            store
              ? update.mutateAsync({ params: { id: store.id }, body: { name, config: filled(config) } })
              : create.mutateAsync({ body: { mode, name, config: filled(config) } })
          }
        >
          {({ thing }) => (
            <>
              <ModeItem fixed={thing !== undefined} />
              <NameItem />
              <SchemaFields fields={stores.data.fields} kept={thing?.config ?? {}} />
            </>
          )}
        </EditDrawer>
      )}
    </Page>
  );
}

/** Asks for the name of one file and says whether it can be read. */
function TryObject({ store }: { readonly store: Store }): ReactNode {
  const t = useT();
  const { message, modal } = App.useApp();
  const errorText = useErrorText();
  const check = useChange('post', '/api/console/object-stores/:id/check');
  const [busy, setBusy] = useState(false);
  const ask = (): void => {
    let key = '';
    modal.confirm({
      title: t('试读一个文件', 'Try to read a file'),
      content: <Input aria-label={t('文件名（对象键）', 'Name of the object')} placeholder="packs/setup.zip" onChange={(event) => (key = event.target.value)} />, // prettier-ignore
      okText: t('试读', 'Try'),
      onOk: async () => {
        setBusy(true);
        await check.mutateAsync({ params: { id: store.id }, body: { key } }).then(
          ({ found, status, ms }) =>
            found
              ? message.success(t(`可以读取，${ms} ms`, `It can be read, ${ms} ms`))
              : message.error(t(`不能读取（HTTP ${status}），请检查文件名和密钥权限`, `It cannot be read (HTTP ${status}): check name and key`)), // prettier-ignore
          (error: unknown) => message.error(errorText(error).cause),
        );
        setBusy(false);
      },
    });
  };
  return (
    <Button size="small" loading={busy} onClick={ask}>
      {t('试读', 'Try')}
    </Button>
  );
}
