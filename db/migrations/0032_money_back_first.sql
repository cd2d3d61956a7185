-- Word that money went back may come before the word that it came: looked for at each payment.
create index notifications_money_back on notifications (account_id, trade_no)
  where decision in ('refunded', 'partially_refunded', 'disputed');
