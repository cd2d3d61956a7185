-- The figures of hours that are over (E3), so that the dashboard counts them instead of their orders. `level` says what a
-- row is about: all orders of the hour, those of a product, those of a payment account (`ref`).
create table figure_hours (
  mode text not null check (mode in ('live', 'test')),
  hour timestamptz not null,
  primary key (mode, hour)
);
create table figure_sums (
  mode text not null,
  hour timestamptz not null,
  level smallint not null check (level in (0, 1, 2)),
  ref bigint not null,
  paid integer not null,
  delivered integer not null,
  failed integer not null,
  timed integer not null,
  ms double precision not null, -- of all timed together
  primary key (mode, hour, level, ref)
);
-- How long deliveries took, by steps of 5 %: enough for a percentile of any sum of hours.
create table figure_times (
  mode text not null,
  hour timestamptz not null,
  level smallint not null,
  ref bigint not null,
  step smallint not null,
  n integer not null,
  primary key (mode, hour, level, ref, step)
);
-- Orders of those hours that had not ended when they were counted: they are looked at one by one.
create table figure_open (
  order_id bigint primary key references orders,
  mode text not null,
  hour timestamptz not null
);
create index figure_open_of_hour on figure_open (mode, hour);
-- What people did today.
create index order_actions_by_time on order_actions (at);
