/** The door of ops: a token pasted, or brought in the fragment of a link, is exchanged for a cookie. */

export const loginPage = `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">
<title>Miaofa ops</title><link rel="stylesheet" href="/ops/login.css"></head><body><main><h1>秒发 · 运维入口</h1>
<form id="form"><label>ops token <input id="token" type="password" autocomplete="current-password" required></label>
<button>进入 / Enter</button></form><p id="status" role="status"></p>
<nav id="links" hidden><p><a href="/ops/temporal/">Temporal Web UI</a></p><p><a href="/ops/mail/">邮件 / Mail</a></p></nav>
</main><script src="/ops/login.js"></script></body></html>`;

export const loginScript = `'use strict';
(() => {
  const el = (id) => document.getElementById(id);
  // "#<token>" or "#<token>&to=/ops/…"; only paths of /ops/ are followed.
  const [given, to] = location.hash.slice(1).split('&to=');
  const enter = async (token) => {
    const answer = await fetch('/ops/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) });
    if (!answer.ok) { const { error } = await answer.json(); el('status').textContent = error.zh.cause + ' / ' + error.en.cause; return; }
    history.replaceState(null, '', location.pathname);
    const target = decodeURIComponent(to || '');
    if (target.startsWith('/ops/')) location.replace(target);
    else { el('form').hidden = true; el('links').hidden = false; }
  };
  el('form').addEventListener('submit', (event) => { event.preventDefault(); void enter(el('token').value.trim()); });
  if (given) void enter(given);
  // Another link opened on this very page changes nothing but the fragment.
  window.addEventListener('hashchange', () => location.reload());
})();
`;

export const loginStyle = `:root{color-scheme:light dark;--line:#8884}
*{box-sizing:border-box}body{margin:0;font:16px/1.6 system-ui,-apple-system,"PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:560px;margin:0 auto;padding:24px 16px}h1{font-size:20px;margin:0 0 8px;overflow-wrap:anywhere}
pre{font:16px/1.5 ui-monospace,monospace;border:1px solid var(--line);border-radius:8px;padding:12px;white-space:pre-wrap;overflow-wrap:anywhere;margin:8px 0}
button,.button{display:inline-block;min-height:44px;padding:10px 18px;margin:4px 8px 4px 0;border:1px solid var(--line);border-radius:8px;background:#1677ff;color:#fff;font:inherit;text-decoration:none;cursor:pointer}
#number{color:#777;font-size:13px}#test{background:#fa8c16;color:#fff;padding:6px 12px;border-radius:8px}`;
