"""What random queries are made of: the shop's relations, and what may be done with a column of each kind.

The rule: nothing here depends on the clock or on chance, and nothing holds a mark.
"""

from collections.abc import Mapping, Sequence

TEXT, INT, DATE, TIME, JSON, INET, BOOL, ROW, ARRAY, BYTES, ENUM = (
    *("text", "int", "date", "time", "json", "inet", "bool", "row", "array", "bytes"),
    "enum",
)

_RELATIONS = """
public.customer: id int, name text, email text, phone text, birth_date date, ssn text, iban text, card text, last_ip inet
public.customer: segment text, newsletter bool, joined time, preferences json, notes text
public.address: id int, customer_id int, kind text, line row, street text, city text, postcode text, country text
public.product: id int, sku text, title text, price int, stock int, tags array
public.orders: id int, customer_id int, placed time, status text, total int, comment text
public.orders_2029: id int, customer_id int, placed time, status text, total int, comment text
public.order_item: order_id int, product_id int, quantity int, price int
public.payment: id int, order_id int, card text, holder text, expires date, amount int, captured bool
public.support_ticket: id int, customer_id int, opened time, state enum, subject text, body text, meta json, attachment bytes
public.customer_directory: id int, name text, contact text, reachable_at text
public.order_overview: id int, placed time, status text, total int, buyer text, buyer_email text, comment text
public.support_inbox: id int, opened time, state enum, from_address text, beginning text
public.segment_size: segment text, customers int
public.young_customer: id int, name text, email text
public.best_customer: id int, email text, spent int, orders int
"""

_OF_TEXT = """
{0}
{0}
{0}
upper({0})
lower({0})
reverse({0})
encode(convert_to({0}::text, 'UTF8'), 'base64')
encode(convert_to({0}::text, 'UTF8'), 'hex')
replace({0}::text, '@', '%40')
'<' || {0} || '>'
concat({0}, '!', {0})
format('%s', {0})
format('%L', {0})
to_json({0})::text
replace(to_json({0})::text, 'z', '\\u007a')
quote_literal({0})
substr({0}::text, 1, 40)
repeat({0}::text, 2)
left({0}::text, 30)
right({0}::text, 30)
coalesce({0}, 'none')
nullif({0}, '')
case when true then {0} else '' end
array[{0}]
row({0}, 1)
json_build_object('v', {0})
jsonb_build_array({0})
(select {0})
greatest({0}, '')
length({0})
md5({0}::text)
translate({0}::text, 'x', 'y')
regexp_replace({0}::text, '^', '_')
string_to_array({0}::text, '@')
split_part({0}::text, ' ', 1)
{0}::text::bytea
cast({0} as varchar(60))
{0} collate "C"
overlay({0}::text placing '--' from 1 for 0)
{0}::text::name
xmlelement(name v, {0})::text
initcap({0})
btrim({0}::text)
{0}::text || null::text
to_jsonb({0})
"""

_OF_ANY = """
{0}
{0}
{0}::text
to_jsonb({0})
array[{0}]
coalesce({0}, {0})
row({0})
case when false then null else {0} end
"""

_OF_DATE = """
to_char({0}, 'YYYYMMDD')
{0} + 0
extract(year from {0})
date_trunc('decade', {0})
age({0}, '2000-01-01')
"""

_OF_JSON = """
{0} #>> '{{contact,email}}'
{0} -> 'contact'
{0} ->> 'reply_to'
{0}['client']
jsonb_path_query_array({0}, '$.*')
{0} || '{{"more": 1}}'
jsonb_pretty({0})
(select string_agg(value::text, ',') from jsonb_each({0}))
jsonb_strip_nulls({0})
"""

_AGGREGATES = """
max({0}::text)
min({0}::text)
string_agg({0}::text, ',' order by {0}::text)
array_agg({0})
count({0})
json_agg({0})
count(distinct {0}::text)
jsonb_object_agg(coalesce({0}::text, ''), 1)
(array_agg({0} order by 1))[1]
"""

_QUOTING = """
{0}::text::int
{0}::text::date
{0}::text::uuid
('[' || {0} || ']')::json
{0}::text::inet
('{{' || {0} || ',')::text[]
"""


def _lines(table: str) -> tuple[str, ...]:
    return tuple(table.strip().splitlines())


def _relations() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for line in _lines(_RELATIONS):
        name, _, columns = line.partition(": ")
        found.setdefault(name, {}).update((one.split()[0], one.split()[1]) for one in columns.split(", "))
    return found


RELATIONS: Mapping[str, Mapping[str, str]] = _relations()
OF_ANY = _lines(_OF_ANY)
OF_KIND: Mapping[str, Sequence[str]] = {
    TEXT: _lines(_OF_TEXT),
    INT: (*OF_ANY, "{0} + 1", "-{0}", "{0} % 7", "{0}::numeric / 3", "to_char({0}, '999999')"),
    DATE: (*OF_ANY, *_lines(_OF_DATE)),
    TIME: ("to_char({0}, 'YYYY-MM')", "{0}", "date_trunc('day', {0})", "extract(hour from {0})"),
    JSON: (*OF_ANY, *_lines(_OF_JSON)),
    INET: (*OF_ANY, "host({0})", "abbrev({0})", "set_masklen({0}, 16)", "{0} + 0"),
    BOOL: (*OF_ANY, "not {0}"),
    ENUM: OF_ANY,
    ROW: (*OF_ANY, "({0}).street", "({0}).city", "row_to_json({0})"),
    ARRAY: (*OF_ANY, "{0}[1]", "array_to_string({0}, ',')", "cardinality({0})"),
    BYTES: (
        *OF_ANY,
        "encode({0}, 'hex')",
        "encode({0}, 'base64')",
        "encode({0}, 'escape')",
        "convert_from({0}, 'UTF8')",
    ),
}
QUOTING = _lines(_QUOTING)
"""Casts that fail, and whose error text quotes the value."""
AGGREGATES = _lines(_AGGREGATES)
