/** The product's page as the buyer's phone shows it. */
import type { ReactNode } from 'react';
import { useT } from '../i18n.tsx';
import { money, parseMoney } from './format.tsx';
import { kindName, type Product } from './product.ts';

export function BuyerPreview(props: {
  readonly name: string;
  readonly price: string;
  readonly currency: string;
  readonly kind: Product['kind'];
  readonly cardUse: Product['cardUse'];
  readonly labels: readonly string[];
  readonly instructions: string;
}): ReactNode {
  const t = useT();
  const minor = parseMoney(props.price, props.currency);
  const parts = props.labels.length > 0 ? props.labels : [t('卡密', 'Key')];
  return (
    <div className="buyer-preview" aria-label={t('买家看到的', 'What the buyer sees')}>
      <div className="small mute">{t('购买页', 'Before paying')}</div>
      <b>{props.name || t('商品名称', 'Name')}</b>
      <div className="price">{minor === undefined ? '—' : money(minor, props.currency)}</div>
      <div className="mute small">{kindName(props.kind, t)}</div>
      {props.cardUse === 'chosen' && <div className="small">{t('选择号码：', 'Choose a number: ')}138••••8888</div>}
      <hr />
      <div className="small mute">{t('付款后', 'After paying')}</div>
      {props.kind === 'link' ? (
        <div className="mono small">{t('打开下载链接', 'Open the download')}</div>
      ) : props.kind === 'topup' ? (
        <div className="small">{t('已充值到买家填写的账号', "The buyer's account is topped up")}</div>
      ) : (
        parts.map((part) => (
          <div key={part} className="mono small">
            {part}: ABCD-1234
          </div>
        ))
      )}
      {props.instructions && <pre className="preview">{props.instructions}</pre>}
    </div>
  );
}
