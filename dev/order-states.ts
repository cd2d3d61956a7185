/** The page docs/order-states.md, made from the code: states, moves, and what people may do. */
import { actionKinds, actionRules } from '../domain/actions.ts';
import { isFinal, orderMoves, orderStates, type OrderState } from '../domain/order.ts';

const names: Readonly<Record<OrderState, string>> = {
  unpaid: '待支付',
  expired: '已过期',
  paid: '已支付，自动处理中',
  waiting_confirmation: '等待已确认',
  waiting_stock: '等待补货',
  attention: '人工处理',
  delivered: '已发货',
  refunded: '已退款',
  closed: '已关闭',
};

const what: Readonly<Record<(typeof actionKinds)[number], string>> = {
  retry: '重试 / try again at once',
  deliver_from_pool: '从卡密池发货 / from the pool, past the line and the switch',
  deliver_by_hand: '手动发货 / with typed keys, without Temporal',
  choose_source: '更换货源 / another source',
  confirm_payment: '确认收款 / a person answers for the money',
  hand_over: '转人工 / to people',
  close: '关闭 / close',
};

export function orderStatesPage(): string {
  const diagram = [
    'stateDiagram-v2',
    '  [*] --> unpaid',
    ...orderStates.map((state) => `  ${state} : ${state} ${names[state]}`),
    ...orderMoves().map(([from, to]) => `  ${from} --> ${to}`),
    ...orderStates.filter(isFinal).map((state) => `  ${state} --> [*]`),
  ];
  const rows = actionKinds.map((kind) => {
    const { from, to, bySignal, right } = actionRules[kind];
    return `| \`${kind}\` | ${what[kind]} | ${from.join(', ')} | ${to} | \`${right}\` | ${bySignal ? 'yes' : 'opens a task'} |`;
  });
  return `# States of an order · 订单状态

Made by \`npm run docs\` from \`domain/order.ts\` and \`domain/actions.ts\`; a test holds it current.

\`\`\`mermaid
${diagram.join('\n')}
\`\`\`

A step changes the state only under the order's row lock and only along these arrows. Nothing leads out of the last three.

## What people may do · 人工操作

| action | what | from | to | right | by Signal |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
}
