/** A purchase that waits for a person: what is known of it, what came, and the answer that lets the order go on. */
import { Alert, App, Button, Checkbox, Descriptions, Drawer, Form, Input, Segmented } from 'antd';
import { useState, type ReactNode } from 'react';
import { useChange, useRead } from '../api/hooks.ts';
import { useT } from '../i18n.tsx';
import { useMay } from '../shell/session.ts';
import { money, Time } from './format.tsx';
import { evidenceText, problemName, PurchaseState, type Purchase } from './purchase-words.tsx';
import { ErrorPanel, Loaded } from './states.tsx';
import { stateName } from './status.tsx';

type Said = 'sold' | 'not_sold' | 'accept' | 'refetch' | 'reject';
interface Fields {
  readonly answer: Said;
  readonly how?: 'ref' | 'codes';
  readonly supplierRef?: string;
  readonly codes?: string;
  readonly lines?: number[];
  readonly note?: string;
}

export function PurchaseDrawer(props: { readonly purchase: Purchase; readonly close: () => void }): ReactNode {
  const t = useT();
  const file = useRead('/api/console/purchases/:id', { params: { id: props.purchase.id } });
  return (
    <Drawer
      open
      size={640}
      title={t(`采购 ${props.purchase.ref}`, `Purchase ${props.purchase.ref}`)}
      onClose={props.close}
      destroyOnHidden
    >
      <Loaded of={file}>
        {({ purchase, canFetch, balanceBeforeMinor }) => (
          <div className="stack">
            <Descriptions
              size="small"
              column={1}
              items={[
                { key: 'state', label: t('状态', 'State'), children: <PurchaseState state={purchase.state} /> },
                { key: 'what', label: t('商品', 'Goods'), children: `${purchase.productName} × ${purchase.quantity}` },
                { key: 'who', label: t('供应商', 'Supplier'), children: purchase.supplier },
                { key: 'ref', label: t('采购编号', 'Our number'), children: <span className="mono">{purchase.ref}</span> },
                { key: 'placed', label: t('下单时间', 'Placed'), children: <Time at={purchase.placedAt} full /> },
                { key: 'evidence', label: t('已知情况', 'What is known'), children: evidenceText(purchase.evidence, t) || '—' },
                ...(balanceBeforeMinor === null ? [] : [{ key: 'before', label: t('下单前余额', 'Balance before'), children: t(`${money(balanceBeforeMinor, purchase.currency)}（仅供参考，可能同时有其他采购）`, `${money(balanceBeforeMinor, purchase.currency)} (a hint: others may have bought at the same time)`) }]),
              ]}
            />
            {purchase.problems.length > 0 && (
              <Alert
                type="warning"
                showIcon
                title={t('收到的内容不能直接发给买家', 'What came is not shown to the buyer')}
                description={purchase.problems.map(({ line, problem }) => (
                  <div key={`${line}${problem}`}>{line === 0 ? problemName(problem, t) : t(`第 ${line} 行：${problemName(problem, t)}`, `line ${line}: ${problemName(problem, t)}`)}</div>
                ))}
              />
            )}
            <Answer purchase={purchase} canFetch={canFetch} close={props.close} />
          </div>
        )}
      </Loaded>
    </Drawer>
  );
} // prettier-ignore

function Answer(props: { readonly purchase: Purchase; readonly canFetch: boolean; readonly close: () => void }): ReactNode { // prettier-ignore
  const { purchase, canFetch } = props;
  const t = useT();
  const { message } = App.useApp();
  const [form] = Form.useForm<Fields>();
  const [id] = useState(() => crypto.randomUUID());
  const [lines, setLines] = useState<readonly string[]>();
  const answer = useChange('post', '/api/console/purchases/:id/answer');
  const review = purchase.state === 'review';
  // A sentence of apology is no key: the likely answer stands first.
  const first: Said = !review ? 'sold' : purchase.problems.some((p) => p.problem === 'sentence') ? 'reject' : 'accept';
  const watched = Form.useWatch([], form) as Partial<Fields> | undefined;
  const said = watched?.answer ?? first;
  const how = watched?.how ?? 'ref';
  const choices: readonly (readonly [Said, string])[] = review
    ? [
        ['accept', t('接受', 'Accept')],
        ...(canFetch ? ([['refetch', t('重新获取', 'Fetch again')]] as const) : []),
        ['reject', t('拒绝', 'Reject')],
      ]
    : [
        ['sold', t('已售出', 'It sold')],
        ...(purchase.state === 'unknown' ? ([['not_sold', t('未售出', 'It did not sell')]] as const) : []),
      ];
  const hints: Record<Said, string> = {
    sold: t('供应商后台查到该编号的订单。填写供应商单号由系统取货，或直接粘贴卡密。', 'The order is in the list of the supplier. Give its number there, or paste the keys.'),
    not_sold: t('供应商后台查不到该编号。系统会用同一编号重新采购，不会重复购买。', 'The supplier has no such order. It goes out again under the same number, so nothing is bought twice.'),
    accept: t('把内容作为卡密发给买家；不足的部分继续采购。以前出现过的卡密不能接受。', 'What came is used as keys; what is missing is bought. Keys that were ours before are not.'),
    refetch: t('供应商后来补发了内容时，重新读取该订单。', 'Reads the order again, if the supplier has delivered meanwhile.'),
    reject: t('内容无效，订单改由其他货源处理。请向供应商追回款项。', 'It is useless; the order goes on elsewhere. Claim the money from the supplier.'),
  };
  const save = (f: Fields): void => {
    const codes = (f.codes ?? '').split(/\r?\n/).filter((line) => line.trim() !== '');
    const base = { id, note: f.note ?? '' };
    const body =
      f.answer === 'sold'
        ? { ...base, answer: f.answer, ...(how === 'codes' ? { codes } : { supplierRef: f.supplierRef ?? '' }) }
        : f.answer === 'accept'
          ? { ...base, answer: f.answer, ...(f.lines && f.lines.length > 0 && { lines: f.lines }) }
          : { ...base, answer: f.answer };
    answer.mutate(
      { params: { id: purchase.id }, body },
      {
        onSuccess: ({ orderState }) => {
          props.close();
          void message.success(orderState === null ? t('已记录', 'Kept') : t(`订单：${stateName(orderState, t)}`, `Order: ${stateName(orderState, t)}`));
        },
      },
    );
  };
  return (
    <Form<Fields> form={form} layout="vertical" requiredMark={false} onFinish={save} initialValues={{ answer: first, how: 'ref' }}>
      <Form.Item name="answer" label={t('您的回答', 'Your answer')} extra={hints[said]}>
        <Segmented options={choices.map(([value, label]) => ({ value, label }))} />
      </Form.Item>
      {said === 'sold' && (
        <>
          <Form.Item name="how" hidden={!canFetchBy(purchase)}>
            <Segmented options={[{ value: 'ref', label: t('填写供应商单号', 'Number of the supplier') }, { value: 'codes', label: t('粘贴卡密', 'Paste the keys') }]} />
          </Form.Item>
          {how === 'ref' ? (
            <Form.Item name="supplierRef" label={t('供应商单号', 'Number of the supplier')} rules={[{ required: true, pattern: /^[\w-]{4,64}$/, message: t('4–64 个字母或数字', '4–64 letters or digits') }]}>
              <Input className="mono" autoComplete="off" spellCheck={false} />
            </Form.Item>
          ) : (
            <Form.Item name="codes" label={t(`卡密，每行一个（${purchase.quantity} 个）`, `Keys, one a line (${purchase.quantity})`)} rules={[{ required: true, message: t('请粘贴卡密', 'Paste the keys') }]}>
              <Input.TextArea rows={5} className="mono" autoComplete="off" spellCheck={false} />
            </Form.Item>
          )}
        </>
      )}
      {review && <Reveal id={purchase.id} shown={lines} show={setLines} />}
      {said === 'accept' && lines !== undefined && (
        <Form.Item name="lines" label={t('只接受这些行（不选为全部像卡密的行）', 'Only these lines (none chosen: all that may be keys)')}>
          <Checkbox.Group options={lines.map((line, i) => ({ value: i + 1, label: <span className="mono small">{line}</span> }))} />
        </Form.Item>
      )}
      <Form.Item name="note" label={t('备注（会记入审计）', 'Note (kept in the audit log)')}>
        <Input maxLength={500} />
      </Form.Item>
      {answer.error && <ErrorPanel error={answer.error} />}
      <Button type="primary" htmlType="submit" danger={said === 'reject'} loading={answer.isPending}>
        {choices.find(([value]) => value === said)?.[1] ?? t('提交', 'Submit')}
      </Button>
    </Form>
  );
} // prettier-ignore

/** Keys may be typed for any; a number is of use only where goods can be fetched by it, which the server checks. */
function canFetchBy(purchase: Purchase): boolean {
  return purchase.state === 'unknown' || purchase.state === 'accepted';
}

function Reveal(props: { readonly id: number; readonly shown: readonly string[] | undefined; readonly show: (lines: readonly string[]) => void }): ReactNode { // prettier-ignore
  const t = useT();
  const may = useMay();
  const reveal = useChange('post', '/api/console/purchases/:id/reveal');
  const [reason, setReason] = useState('');
  if (!may('cards.reveal')) return <p className="mute">{t('没有查看卡密的权限，不能查看内容。', 'You may not look at keys.')}</p>;
  if (props.shown) return <pre className="preview">{props.shown.join('\n')}</pre>;
  return (
    <div className="stack" style={{ marginBottom: 16 }}>
      <div className="row">
        <Input
          style={{ maxWidth: 280 }}
          value={reason}
          maxLength={300}
          aria-label={t('查看原因', 'Why you look')}
          placeholder={t('查看原因（会记入审计）', 'Why you look (kept in the audit log)')}
          onChange={(event) => setReason(event.target.value)}
        />
        <Button
          disabled={reason.trim().length < 2}
          loading={reveal.isPending}
          onClick={() => reveal.mutate({ params: { id: props.id }, body: { reason: reason.trim() } }, { onSuccess: ({ lines }) => props.show(lines) })}
        >
          {t('查看内容', 'Look at it')}
        </Button>
      </div>
      {reveal.error && <ErrorPanel error={reveal.error} />}
    </div>
  );
} // prettier-ignore
