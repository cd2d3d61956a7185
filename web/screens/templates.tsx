/** 发货模板: what buyers read beside the goods, in two languages, with a preview that follows the typing. */
import { Button, Drawer, Select, Tag } from 'antd';
import { useState, type ReactNode } from 'react';
import { useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { Time } from '../ui/format.tsx';
import { Page } from '../ui/page.tsx';
import { ResourceTable } from '../ui/resource-table.tsx';
import { EmptyState } from '../ui/states.tsx';
import { TemplateEditor, type Content } from './template-editor.tsx';

type Templates = Read<'/api/console/templates'>;
export type Template = Templates['items'][number];

export function TemplatesScreen(): ReactNode {
  const t = useT();
  const may = useMay();
  const templates = useRead('/api/console/templates');
  const [open, setOpen] = useState<Template | 'new'>();
  const add = may('products.edit') && (
    <Button type="primary" onClick={() => setOpen('new')}>
      {t('新建模板', 'New template')}
    </Button>
  );
  return (
    <Page
      title={t('发货模板', 'Templates')}
      why={t(
        '有效期、使用说明、邮件、提货页和短信的文字，同类商品共用一份；商品自己的文字优先。已下的订单保留下单时的文字。',
        'The words of mails, pickup page and SMS, shared by products of a kind. A product’s own words come first; an order keeps those it was sold with.',
      )}
      actions={add}
    >
      <ResourceTable<Templates, Template>
        of={templates}
        label={t('发货模板', 'Templates')}
        rows={(data) => data.items}
        rowKey={(row) => row.id}
        onOpen={setOpen}
        empty={
          <EmptyState
            what={t('还没有模板', 'No templates yet')}
            why={t('没有模板时，买家会收到内置的文字。', 'Without one, buyers read the built-in words.')}
            action={add}
          />
        }
        columns={[
          {
            title: t('名称', 'Name'),
            render: (row) => (
              <>
                {row.name} {row.archived && <Tag>{t('已停用', 'Archived')}</Tag>}
              </>
            ),
          },
          { title: t('版本', 'Version'), align: 'right', render: (row) => `v${row.version}` },
          { title: t('使用的商品', 'Products'), align: 'right', render: (row) => row.products },
          {
            title: t('语言', 'Languages'),
            render: (row) =>
              (['zh-CN', 'en'] as const)
                .filter((locale) => Object.values(row.content[locale] ?? {}).some(Boolean))
                .map((locale) => <Tag key={locale}>{locale === 'en' ? 'English' : '中文'}</Tag>),
          },
          {
            title: t('操作', 'Actions'),
            render: (row) => (
              <Button
                size="small"
                onClick={(e) => {
                  e.stopPropagation();
                  setOpen(row);
                }}
              >
                {may('products.edit') ? t('编辑', 'Edit') : t('查看', 'Open')}
              </Button>
            ),
          },
        ]}
      />
      {open !== undefined && (
        <TemplateDrawer
          key={open === 'new' ? 'new' : open.id}
          template={open === 'new' ? undefined : open}
          close={() => setOpen(undefined)}
        />
      )}
    </Page>
  );
}

function TemplateDrawer({
  template,
  close,
}: {
  readonly template: Template | undefined;
  readonly close: () => void;
}): ReactNode {
  const t = useT();
  const [old, setOld] = useState<{ version: number; content: Content }>();
  return (
    <Drawer
      open
      size={1080}
      title={template ? template.name : t('新建模板', 'New template')}
      onClose={close}
      destroyOnHidden
      extra={template && <Versions template={template} choose={setOld} />}
    >
      <TemplateEditor key={old?.version ?? 'now'} template={template} from={old?.content} done={close} />
    </Drawer>
  );
}

/** Versions are never edited: an old one is taken up into the editor and becomes the newest when it is saved. */
function Versions(props: {
  readonly template: Template;
  readonly choose: (old: { version: number; content: Content } | undefined) => void;
}): ReactNode {
  const t = useT();
  const versions = useRead('/api/console/templates/:id/versions', { params: { id: props.template.id } });
  const items = versions.data?.items ?? [];
  return (
    <Select
      aria-label={t('版本', 'Version')}
      style={{ minWidth: 150 }}
      popupMatchSelectWidth={false}
      defaultValue={props.template.version}
      onChange={(version: number) => {
        const found = items.find((item) => item.version === version);
        props.choose(found && version !== props.template.version ? found : undefined);
      }}
      options={items.map((item) => ({
        value: item.version,
        label: (
          <>
            v{item.version} · {item.by} · <Time at={item.at} />
          </>
        ),
      }))}
    />
  );
}
