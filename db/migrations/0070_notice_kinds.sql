-- The failure-rate alarm says when it is over.
alter table notices drop constraint notices_kind_check;
alter table notices add constraint notices_kind_check
  check (kind in ('incident', 'digest', 'reminder', 'escalation', 'stock', 'restocked', 'expiring', 'test', 'over'));
