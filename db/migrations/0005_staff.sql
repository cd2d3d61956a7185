-- People of the console (E6): accounts, sessions, one-time links, failures of signing in.

create table staff (
  id bigint generated always as identity primary key,
  login text not null unique check (login = lower(login)),
  actor_id bigint not null unique references actors, -- its name is the person's name
  role text not null check (role in ('owner', 'support', 'warehouse', 'viewer', 'custom')),
  rights text[] not null default '{}', -- of role `custom` only
  password_hash text, -- argon2id; null until the person's link was used
  totp_secret bytea, -- sealed, ring `secret`; in force
  totp_pending bytea, -- sealed; shown, not yet proven
  totp_last_step bigint not null default 0, -- a code opens once
  recovery_hashes bytea[] not null default '{}', -- each opens once
  disabled_at timestamptz,
  last_login_at timestamptz,
  created_at timestamptz not null default now()
);

create table staff_sessions (
  id bigint generated always as identity primary key,
  hash bytea not null unique, -- sha-256 of the cookie
  staff_id bigint not null references staff on delete cascade,
  address text not null,
  agent text not null,
  created_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index staff_sessions_of on staff_sessions (staff_id);

-- A link that sets a password, once. Without a person: it makes the first owner.
create table staff_links (
  hash bytea primary key, -- sha-256 of the token
  staff_id bigint unique references staff on delete cascade,
  expires_at timestamptz not null,
  created_at timestamptz not null default now()
);
create unique index staff_links_first on staff_links ((true)) where staff_id is null;

-- Failures by hashed login and by address: the same for logins that exist and those that do not.
create table sign_in_failures (
  key text primary key,
  failures integer not null,
  last_at timestamptz not null,
  locked_until timestamptz
);

insert into actors (id, kind, name) values (50, 'system', 'not signed in');
