"""What the atlas's tests map: a schema with one of everything, and values that must never be seen again."""

import json
from pathlib import Path

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"

EMAIL = "canary.zweig@posta-nova.net"
NAME = "Canarina Zweigelt"
PHONE = "+44 20 7946 0958"
CARD = "4111111111111111"
CANARIES = (EMAIL, "canary.zweig", "posta-nova", NAME, "Canarina", "Zweigelt", "7946", CARD)
"""Texts of which none may stand in any output, file or entry."""

DOCUMENT = json.dumps(
    {"user": {"email": EMAIL, "age": 41}, "tags": ["a", "b"], "by": {EMAIL: 1, "ben@posta-nova.net": 2}}
)

EVERYTHING = f"""
create schema crm;
create type crm.place as (street text, mail text);
create domain crm.mail as text;
create table crm.person (
  id int primary key, full_name text, "E-Mail" text, phone text, contact crm.mail, born date, active boolean,
  document jsonb, addresses text[], home crm.place, homes crm.place[], photo bytea, note text, card text, empty text);
comment on column crm.person.note is 'what was said on the phone';
insert into crm.person select i, '{NAME}', 'canary.zweig' || i || '@posta-nova.net', '{PHONE}', '{EMAIL}',
  date '1970-01-01' + i, true, '{DOCUMENT}', array['{EMAIL}', 'ben@posta-nova.net'], row('1 High Street', '{EMAIL}')::crm.place,
  array[row('1 High Street', '{EMAIL}')::crm.place], convert_to('{EMAIL}', 'UTF8'),
  'Called {PHONE} about the late order and wrote to {EMAIL} again', '{CARD}', null from generate_series(1, 40) i;
create table crm.purchase (id int primary key, person_id int references crm.person (id), title text, amount numeric(10,2));
insert into crm.purchase select i, 1 + i % 40, 'Blue chair ' || i, i from generate_series(1, 60) i;
create table crm.visit (id int, person_id int, at timestamptz, path text) partition by range (id);
create table crm.visit_low partition of crm.visit for values from (0) to (50);
create table crm.visit_high partition of crm.visit for values from (50) to (1000);
insert into crm.visit select i, i % 40, now(), '/shop/' || i from generate_series(1, 99) i;
create view crm.directory as select id as person, "E-Mail" as mail, upper(full_name || id) as shown,
  (select count(*) from crm.purchase) as n
  from crm.person;
create materialized view crm.kept as select phone, note from crm.person;
create table public.nothing (id int);
"""


def readable(login: str) -> str:
    """Give what lets a login read the schema, and nothing else."""
    return (
        f"do $$ begin create role {login} login; exception when duplicate_object then null; end $$;"
        f"grant usage on schema crm to {login}; grant select on all tables in schema crm to {login};"
    )
