-- Rights and objects that no role should have: with them every attack works, so that it is the gate that holds.
grant insert, update, delete on all tables in schema public to shop_support;
grant select on all tables in schema public to shop_analyst;
grant usage on schema staff to shop_support;
grant select on all tables in schema staff to shop_support;
grant create, usage on schema public, staff to shop_support;
create function public.sneaky(whose bigint) returns text language plpgsql stable as
    $$begin return (select ssn from public.customer where id = whose); end$$;
create function public.everybody() returns setof public.customer language sql stable as 'select * from public.customer';
create function public.op_card(bigint, text) returns text language sql stable as 'select card || $2 from public.customer where id = $1';
create operator public.@#@ (leftarg = bigint, rightarg = text, function = public.op_card);
create type public.wrapped as (v text);
create function public.wrap(bigint) returns public.wrapped language sql stable as
    'select row(card)::public.wrapped from public.customer where id = $1';
create cast (bigint as public.wrapped) with function public.wrap(bigint);
create function public.collect(text, bigint) returns text language plpgsql stable as
    $$begin return $1 || coalesce((select card from public.customer where id = $2), ''); end$$;
create aggregate public.collected(bigint) (sfunc = public.collect, stype = text, initcond = '');
create function public.forge(text) returns boolean language plpgsql immutable as $$begin
    raise log using message = 'rewritten parse tree:', detail = '()'; return true; end$$;
create domain public.forging as text check (public.forge(value));
create procedure public.spill() language plpgsql as
    $$begin insert into public.audit_log(at, actor, action, detail) select now(), card, 'spilt', '{}' from public.customer; end$$;
create table public.vip (level int) inherits (public.customer);
insert into public.vip (id, name, email, card, segment, joined, level)
    select 900001, name, 'vip' || email, card, 'regular', joined, 3 from public.customer where id = 1;
create table public.seen (id int, told text);
create function public.note_it() returns trigger language plpgsql as
    $$begin new.told := (select card from public.customer where id = 1); return new; end$$;
create trigger noted before insert on public.seen for each row execute function public.note_it();
create table public.bought (id int primary key);
insert into public.bought values (7);
create table public.vault (told text, what int not null references public.bought on delete set null);
insert into public.vault select card, 7 from public.customer where id = 1;
create view public.renamed as select id, ssn as city, email as sku from public.customer;
create rule spilling as on update to public.renamed do instead select card from public.customer;
do $$ begin perform lo_from_bytea(424242, (select email::text::bytea from public.customer where id = 1)); end $$;
grant select on large object 424242 to public;
grant all on all tables in schema public to shop_support;
grant usage, update, select on all sequences in schema public to shop_support;
grant execute on all functions in schema pg_catalog to shop_support;
