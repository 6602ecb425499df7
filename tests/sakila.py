"""Sakila in a database of a test's own, as its files are; where they are not at hand, a small house of the same kind.

The rule: what stands in it is synthetic. Loading goes on over what a newer server does not know.
"""

import os
import subprocess
from pathlib import Path

from postgres_servers import Server

FOLDER = Path(__file__).resolve().parents[1] / ".." / "shared" / "corpora" / "db" / "sakila"
FILES = ("postgres-sakila-schema.sql", "postgres-sakila-insert-data-using-copy.sql")

SMALL = """
create table address (address_id int primary key, address text not null, district text, postal_code text, phone text);
create table customer (
    customer_id int primary key, first_name text not null, last_name text not null, email text,
    address_id int references address, activebool boolean, create_date date, last_update timestamp);
create table film (film_id int primary key, title text not null, description text, rental_rate numeric(4, 2));
insert into address select n, n || ' Long Lane', 'Northland', (10000 + n)::text, '' from generate_series(1, 60) n;
insert into customer select n, (array['MARY', 'PATRICIA', 'LINDA', 'BARBARA', 'ELIZABETH'])[1 + n % 5], 'SMITH' || n,
    'PERSON.' || n || '@sakilacustomer.org', 1 + n % 60, true, '2006-02-14', now() from generate_series(1, 599) n;
insert into film select n, 'ACADEMY DINOSAUR ' || n, 'A epic drama of a feminist and a mad scientist', 0.99
    from generate_series(1, 50) n;
"""


def small_database(server: Server) -> str:
    """Make the small house alone, which costs a copy; give its address as the superuser."""
    return server.database("sakila", SMALL)


def sakila_database(server: Server) -> str:
    """Make the database; give its address as the superuser."""
    scripts = [FOLDER / name for name in FILES]
    if not all(script.exists() for script in scripts):
        return small_database(server)
    dsn = server.database("sakila")
    for script in scripts:  # as it is: it names an owner and a setting that a newer server does not have, and goes on
        subprocess.run(
            [server.bin / "psql", "-X", "-q", "-f", script, dsn],
            env={**os.environ, "PGPASSWORD": server.password or ""},
            capture_output=True,
            check=True,
            timeout=120,
        )
    return dsn
