-- The same for what PostgreSQL's contrib brings. PORT and DATABASE are replaced.
create extension dblink; create extension postgres_fdw;
create server itself foreign data wrapper postgres_fdw options (host '127.0.0.1', port 'PORT', dbname 'DATABASE');
grant usage on foreign server itself to shop_support;
create user mapping for public server itself options (user 'shop_support', password_required 'false');
create foreign table public.far_customer (id bigint, email text) server itself options (schema_name 'public', table_name 'customer');
grant select on public.far_customer to shop_support;
grant execute on all functions in schema public to shop_support;
grant execute on function public.dblink_connect_u(text) to shop_support;
