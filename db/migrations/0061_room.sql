-- The buyer room: mail with the goods once more, asked for on the pickup page. It belongs to no story: a loop sends it.
alter table messages drop constraint messages_kind_check;
alter table messages add constraint messages_kind_check check (kind in ('mail', 'webhook', 'trouble', 'resend'));
create index messages_resend on messages (available_at) where kind = 'resend' and state = 'pending';
