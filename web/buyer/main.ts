/** The buyers' pages, by the address: a product, an order, a question. */
import './style.css';
import { checkout } from './checkout.ts';
import { h } from './dom.ts';
import { pickup } from './pickup.ts';
import { query } from './query.ts';
import { changeLanguage, chinese, t } from './text.ts';

const product = /^\/p\/([^/]+)$/.exec(location.pathname)?.[1];
if (product !== undefined) void checkout(decodeURIComponent(product));
else if (location.pathname === '/pickup') void pickup();
else if (location.pathname === '/paid')
  query(t('支付已提交，到账后立即发货。请回到原来的页面，或查看邮箱。', 'Payment submitted: the goods come the moment it is confirmed. Go back to the page before, or see your mail.')); // prettier-ignore
else query();

const language = h(
  'button',
  { type: 'button', class: 'language', click: changeLanguage },
  chinese ? 'English' : '中文',
);
document.body.append(h('footer', {}, language));
