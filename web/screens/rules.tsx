/** 异常规则: sentences that send an order to people, with a try against past orders before they count. */
import { Alert, App, Button, Form } from 'antd';
import type { ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import type { Read } from '../api/routes.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { Page } from '../ui/page.tsx';
import { lineOf, problemsOf, RuleLine, ruleOf, type Line, type Rule } from '../ui/rule-line.tsx';
import { EmptyState, ErrorPanel, Loaded } from '../ui/states.tsx';

type Rules = Read<'/api/console/rules'>;
export function RulesScreen(): ReactNode {
  const t = useT();
  const rules = useRead('/api/console/rules');
  return (
    <Page
      title={t('异常规则', 'Exception rules')}
      why={t(
        '符合任一规则的订单不自动发货，直接转人工。',
        'An order that fits a rule goes to people instead of automation.',
      )}
    >
      <Loaded of={rules}>{(data) => <RulesForm rules={data} />}</Loaded>
    </Page>
  );
}

function RulesForm({ rules }: { readonly rules: Rules }): ReactNode {
  const t = useT();
  const may = useMay();
  const { message } = App.useApp();
  const [form] = Form.useForm<{ lines: Line[] }>();
  const save = useChange('put', '/api/console/rules');
  const products = useRead('/api/console/products', { query: { limit: 200 } }, { enabled: may('products.read') });
  const tryIt = useChange('post', '/api/console/rules/dry-run');
  // What the form can see is said before anything is sent; what only the server knows stands at its field as well.
  const checked = (send: (lines: Rule[]) => void): void => {
    form.validateFields().then(
      ({ lines }) => send(lines.map(ruleOf)),
      (refused: unknown) => {
        const [first] = (refused as { errorFields?: { name: (string | number)[] }[] }).errorFields ?? [];
        if (first) form.scrollToField(first.name);
      },
    );
  };
  const onError = ({ code, detail }: { code: string; detail?: unknown }): void => {
    if (code === 'RULE_INVALID') form.setFields(problemsOf(detail, t) as Parameters<typeof form.setFields>[0]);
  };
  const failed = save.error ?? tryIt.error;
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      disabled={!may('rules.edit')}
      initialValues={{ lines: rules.rules.map(lineOf) }}
      onFinish={() =>
        checked((lines) =>
          save.mutate(
            { body: { which: rules.which, rules: lines } },
            { onSuccess: () => void message.success(t('已保存，立即生效', 'Saved, in force now')), onError },
          ),
        )
      }
    >
      <Form.List name="lines">
        {(fields, { add, remove }) => (
          <div className="stack">
            {fields.length === 0 && (
              <EmptyState
                what={t('还没有规则', 'No rules yet')}
                why={t('例如：备注包含“需要发票”时转人工。', 'For example: a remark that asks for an invoice.')}
              />
            )}
            {fields.map(({ key, name }) => (
              <RuleLine key={key} at={name} products={products.data?.items ?? []} remove={() => remove(name)} />
            ))}
            <div className="row">
              <Button
                onClick={() => add({ name: '', enabled: true, caseKind: null, kinds: [], hours: 24 } satisfies Line)}
              >
                {t('添加规则', 'Add a rule')}
              </Button>
              <Button
                loading={tryIt.isPending}
                disabled={fields.length === 0 || !may('rules.edit')}
                onClick={() =>
                  checked((lines) =>
                    tryIt.mutate({ body: { which: rules.which, rules: lines, days: 30, limit: 500 } }, { onError }),
                  )
                }
              >
                {t('用历史订单试运行', 'Try on past orders')}
              </Button>
              <Button type="primary" htmlType="submit" loading={save.isPending}>
                {t('保存', 'Save')}
              </Button>
            </div>
            {tryIt.data && (
              <Alert
                type="info"
                showIcon
                title={t(
                  `最近 ${tryIt.data.looked} 个订单中有 ${tryIt.data.fitted} 个会转人工`,
                  `Of the last ${tryIt.data.looked} orders ${tryIt.data.fitted} would go to people`,
                )}
                description={tryIt.data.byRule.map((r) => `${r.name}: ${r.count}`).join('；')}
              />
            )}
            {failed && <ErrorPanel error={failed} />}
          </div>
        )}
      </Form.List>
    </Form>
  );
}
