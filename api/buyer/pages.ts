/** The buyer's pages: small, phone first, zh-CN and English by the browser's language, no inline script (strict CSP). */

const head = (title: string, style: string): string => `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>${title}</title><link rel="stylesheet" href="${style}"></head>`;

export const pickupPage = `${head('提货 · Pickup', '/pickup/app.css')}
<body><main><p id="test" hidden></p><h1 id="product">…</h1><p id="status" role="status" aria-live="polite"></p>
<section id="goods" aria-live="polite"></section><div id="buttons" hidden>
<button id="copy" type="button"></button><a id="download" class="button"></a></div>
<p id="number"></p></main><script src="/pickup/app.js"></script></body></html>`;

export const paidPage = `${head('支付完成 · Paid', '/pickup/app.css')}
<body><main><h1>支付已提交 · Payment submitted</h1>
<p>到账后立即发货：请查看邮箱，或回到店铺打开提货链接。</p>
<p>Your goods come the moment the payment is confirmed: see your mail, or the pickup link in the shop.</p></main></body></html>`;

export const pickupStyle = `:root{color-scheme:light dark;--line:#8884}
*{box-sizing:border-box}body{margin:0;font:16px/1.6 system-ui,-apple-system,"PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:560px;margin:0 auto;padding:24px 16px}h1{font-size:20px;margin:0 0 8px;overflow-wrap:anywhere}
pre{font:16px/1.5 ui-monospace,monospace;border:1px solid var(--line);border-radius:8px;padding:12px;white-space:pre-wrap;overflow-wrap:anywhere;margin:8px 0}
button,.button{display:inline-block;min-height:44px;padding:10px 18px;margin:4px 8px 4px 0;border:1px solid var(--line);border-radius:8px;background:#1677ff;color:#fff;font:inherit;text-decoration:none;cursor:pointer}
#number{color:#777;font-size:13px}#test{background:#fa8c16;color:#fff;padding:6px 12px;border-radius:8px}`;

// Written for browsers of the last years; `state` words are those of domain/order.ts.
export const pickupScript = `'use strict';
(() => {
  const zh = /^zh/i.test(navigator.language);
  const t = (a, b) => (zh ? a : b);
  const el = (id) => document.getElementById(id);
  const words = {
    unpaid: t('等待支付', 'Waiting for payment'),
    expired: t('订单已过期', 'This order has expired'),
    paid: t('已支付，正在发货…', 'Paid, delivering…'),
    waiting_confirmation: t('已支付，等待确认', 'Paid, waiting for confirmation'),
    waiting_stock: t('已支付，等待补货，补货后自动发出', 'Paid; waiting for stock, it goes out by itself'),
    attention: t('已支付，客服正在处理', 'Paid; our staff are looking into it'),
    delivered: t('已发货', 'Delivered'),
    refunded: t('已退款', 'Refunded'),
    closed: t('订单已关闭，如有疑问请联系店铺', 'Closed; ask the shop if you have questions'),
  };
  const say = (text) => { el('status').textContent = text; };
  const ask = async (url, body) => {
    const answer = await fetch(url, { method: body ? 'POST' : 'GET', credentials: 'same-origin',
      headers: body ? { 'content-type': 'application/json' } : {}, body: body ? JSON.stringify(body) : undefined });
    const data = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(data.error.code), { text: t(data.error.zh.cause + '。' + data.error.zh.next, data.error.en.cause + '. ' + data.error.en.next) });
    return data;
  };
  const show = (no, goods) => {
    el('goods').replaceChildren(...goods.map((text) => Object.assign(document.createElement('pre'), { textContent: text })));
    const all = goods.join('\\n');
    el('copy').textContent = t('复制', 'Copy');
    el('copy').onclick = async () => { await navigator.clipboard.writeText(all); el('copy').textContent = t('已复制', 'Copied'); };
    el('download').textContent = t('下载', 'Download');
    el('download').href = URL.createObjectURL(new Blob([all + '\\n'], { type: 'text/plain' }));
    el('download').download = no + '.txt';
    el('buttons').hidden = false;
  };
  const follow = async (no) => {
    for (let pause = 400; ; pause = Math.min(pause * 1.3, 10000)) {
      const order = await ask('/pickup/' + no + '/state');
      el('product').textContent = order.product + ' × ' + order.quantity;
      el('number').textContent = order.orderNo;
      if (order.test) { el('test').hidden = false; el('test').textContent = t('测试订单', 'Test order'); }
      say((words[order.state] || order.state) + (order.place ? t('；当前排在第 ' + order.place + ' 位', '; you are number ' + order.place + ' in line') : ''));
      if (order.released) { show(no, (await ask('/pickup/' + no + '/goods', {})).goods); return; }
      if (order.state === 'closed' || order.state === 'refunded') return;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  };
  const start = async () => {
    try {
      const { orderNo } = await ask('/pickup/session', { token: location.hash.slice(1) });
      await follow(orderNo);
    } catch (error) {
      say(error.text || t('网络异常，正在重试…', 'The network failed; trying again…'));
      if (!error.text) setTimeout(start, 2000);
    }
  };
  window.addEventListener('hashchange', () => location.reload());
  void start();
})();
`;
