"""What cannot fail, by name and number, and why: the table behind `origins_failing`.

The rule: a name stands here because every function of that name in PostgreSQL 15 to 18 was read; whatever stands nowhere may fail.
Numbers are oids of pg_catalog, the same in 15 to 18.
"""

from typing import Final

from ringfence.sql.refusals.verdicts import names

# Whatever their arguments hold. How large a result may get is counted apart (`GROWTH`).
ALWAYS: tuple[tuple[str, str], ...] = (
    (
        "Parts, lengths and spellings of a text: positions may lie outside of it.",
        """
        ascii bit_length btrim char_length character_length concat concat_ws hashtext initcap left lower ltrim md5 name
        octet_length position quote_ident quote_literal quote_nullable replace reverse right rtrim sha224 sha256 sha384 sha512
        starts_with string_to_array string_to_table strpos text textcat translate upper
        """,
    ),
    (
        "Arrays asked about: a dimension or an element that is not there is NULL.",
        "array_length array_lower array_ndims array_to_string array_upper cardinality generate_subscripts unnest",
    ),
    (
        "JSON from values, and jsonb taken apart: what is not there is NULL.",
        """
        array_to_json json_build_array jsonb_extract_path jsonb_extract_path_text jsonb_pretty jsonb_strip_nulls
        jsonb_typeof row_to_json to_json
        """,
    ),
    (
        "Aggregates and window functions that only count, choose or say whether.",
        "any_value bool_and bool_or count every first_value lag last_value lead",
    ),
    (
        "Claims about a value.",
        "family host isfinite masklen num_nonnulls num_nulls pg_typeof",
    ),
    (
        "Names, clocks and chance, which take nothing, and what the catalogue calls a thing.",
        """
        clock_timestamp current_database current_schema current_user format_type gen_random_uuid getdatabaseencoding
        getpgusername inet_client_addr inet_client_port inet_server_addr inet_server_port now pg_backend_pid
        pg_client_encoding pg_get_userbyid pg_is_in_recovery pg_my_temp_schema pg_postmaster_start_time
        pg_table_is_visible pg_trigger_depth pi random session_user statement_timestamp system_user timeofday
        transaction_timestamp version
        """,
    ),
)

# Only extreme values make them fail: never which one a plain column holds, but one may be put into a CASE.
PLAIN: tuple[tuple[str, str], ...] = (
    (
        "Numbers: beyond what their type holds, or infinite.",
        """
        abs avg ceil ceiling floor round sign stddev stddev_pop stddev_samp sum trunc var_pop var_samp variance
        """,
    ),
    (
        "Dates and times: infinite, or beyond the calendar.",
        "age date overlaps timestamp timestamptz",
    ),
    (
        "json that was stored as text: an escape in it may stand for nothing.",
        "json_extract_path json_extract_path_text json_strip_nulls json_typeof",
    ),
)

# Sums and means of whole numbers are kept in a wider type.
WIDE_SUMS: Final = names("avg sum")
INTEGERS: Final = frozenset({20, 21, 23})

# They need rows without number to fail, which a join with rows out of nothing gives.
GATHERING: Final = names("array_agg json_agg jsonb_agg string_agg")
RANKS: Final = names("cume_dist dense_rank percent_rank rank row_number")

# Of these the order or the letters of texts hang on a collation, which may be none, or one that the server cannot use.
WITHOUT_COLLATION: Final = names("""
    any_value array_agg array_length array_lower array_ndims array_to_json array_to_string array_upper ascii bit_length bool_and
    bool_or bpchar btrim cardinality char_length character_length concat concat_ws count encode every first_value format hashtext
    json_agg json_build_array json_build_object jsonb_agg jsonb_build_array jsonb_build_object jsonb_extract_path
    jsonb_extract_path_text lag last_value lead left length lpad ltrim md5 name num_nonnulls num_nulls octet_length pg_typeof
    quote_ident quote_literal quote_nullable repeat reverse right row_to_json rpad rtrim string_agg substr substring text textcat
    to_json to_jsonb translate unnest varchar
""")

# By how much a result may outgrow its arguments; 2 where nothing stands here.
GROWTH: Final = {
    **dict.fromkeys(
        names("btrim concat concat_ws left lag lead ltrim max min name right rtrim reverse text textcat"), 1
    ),
    **dict.fromkeys(names("any_value first_value last_value substr substring split_part varchar bpchar"), 1),
    **dict.fromkeys(names("array_to_json json_build_array json_build_object jsonb_build_array jsonb_build_object"), 8),
    **dict.fromkeys(names("row_to_json to_json to_jsonb translate upper lower initcap"), 4),
    **dict.fromkeys(names("string_to_array string_to_table"), 8),
}

# Whole numbers into a type that holds them all.
WIDENING: Final = frozenset({235, 311, 313, 316, 481, 754, 1740, 1781, 1782})

# The clock; and conversions that only extreme values do not survive: of dates, and of numeric to float8.
CLOCK: Final = frozenset({1299, 2647, 2648, 2649})
CONVERSIONS: Final = frozenset({1174, 1178, 1746, 2024, 2027, 2029})

# Types whose values have a fixed size.
FIXED: Final = frozenset(
    {16, 18, 20, 21, 23, 26, 650, 700, 701, 774, 790, 829, 869, 1082, 1083, 1114, 1184, 1186, 1266, 2205, 2950}
)
# Types whose values can be put in an order, whatever they are: no record, whose parts may not fit, and none that holds one.
ORDERED: Final = frozenset(
    {
        16,
        17,
        18,
        19,
        20,
        21,
        23,
        25,
        26,
        27,
        700,
        701,
        790,
        829,
        774,
        869,
        650,
        1042,
        1043,
        1082,
        1083,
        1114,
        1184,
        1186,
        1266,
    }
    | {1560, 1562, 1700, 2205, 2950, 3220, 3614, 3802, 5069}
)
ORDERED_ARRAYS: Final = frozenset(
    {
        1000,
        1001,
        1002,
        1003,
        1016,
        1005,
        1007,
        1009,
        1028,
        1021,
        1022,
        1040,
        775,
        1041,
        651,
        1014,
        1015,
        1182,
        1183,
        1115,
        1185,
    }
    | {1187, 1270, 1231, 2951, 3807}
)

# = <> < <= > >= of types in ORDERED (and between whole numbers, fractions and dates of several widths), of enumerations and ranges,
# and what else of them gives a truth value.
COMPARING: Final = frozenset(
    map(
        int,
        names("""
    58 59 1695 91 1694 85 1958 1955 1960 1959 1957 1956 632 92 634 633 631 630 1097 2346 2347 2348 2349 1095 1098 1093
    1096 2362 2361 2360 2359 2358 2345 1094 2363 2350 622 624 1123 620 625 623 1122 1124 1120 1125 675 672 673 670 674
    1132 1134 1130 1135 1133 1121 621 671 1131 1205 1204 1201 1206 1203 1202 534 1865 1867 1862 1866 1864 536 542 95 540
    532 522 94 524 520 519 1863 538 37 97 523 96 525 521 535 541 533 543 537 80 15 82 76 36 539 518 419 412 414 410 415
    413 1870 1872 1868 1873 1871 418 420 416 430 1869 417 411 1332 1333 1330 1335 1334 1331 3242 3244 3240 3245 3243
    3241 1222 1223 1220 1225 1224 1221 3366 3364 3365 3362 3367 3363 902 904 903 905 900 901 255 662 258 254 663 93 661
    660 257 256 259 643 1752 1754 1755 1757 1756 1753 611 609 607 612 610 608 646 648 649 647 645 644 3224 3225 3227
    3222 3226 3223 260 664 665 98 667 666 261 262 263 264 2314 2315 2317 2318 265 531 1060 1058 1059 1054 1061 2326 2327
    2329 2330 1057 2802 2799 2801 387 2800 402 1112 1113 1108 1111 1110 1109 2375 2374 2373 2372 2371 2062 2063 2060
    2065 2064 2538 2537 2536 2535 2534 2376 2539 2061 1324 1325 1320 1323 1322 2544 2543 2542 2541 2540 2388 2387 2386
    2385 2384 1321 2389 2545 1553 1554 1555 1550 1552 1551 3628 3629 3627 3631 3632 3630 2972 2975 2977 2976 2974 2973
    1807 1806 1808 1804 1809 1805 1788 1784 1789 1787 1786 1785 5074 5073 5075 5068 5076 5072 352 353 3315 3316 385 3518
    3519 3521 3516 3520 3517 3887 3886 3882 3885 3884 3883 3888 3889 3890 3891 3892 931 932 933 934 3552 3247 3248 3249
    3877
"""),
    )
)
# The same of arrays, where their elements can be compared.
COMPARING_ARRAYS: Final = frozenset({1070, 1071, 1072, 1073, 1074, 1075, 2750, 2751, 2752})
CONTAINING: Final = frozenset({3246, 3250})  # jsonb @> jsonb: within one another without end

JOINING: Final = frozenset({654, 2779, 2780})  # text || text, text || anything
TAKING_APART: Final = frozenset({3206, 3211, 3212, 3213, 3477, 3481})  # jsonb
TAKING_TEXT_APART: Final = frozenset({3962, 3963, 3964, 3965, 3966, 3967})  # json
LIKES: Final = frozenset({1207, 1208, 1209, 1210, 1211, 1212, 1625, 1626, 1627, 1628, 1629, 1630, 2016, 2017})
REGULAR: Final = frozenset({639, 640, 641, 642, 1055, 1056, 1226, 1227, 1228, 1229, 1234, 1235})
# Moments and spans: date +- days, date - date, a moment +- an interval, the difference of two moments; time wraps.
TEMPORAL: Final = frozenset({1099, 1100, 1101, 2555, 1076, 1077, 1328, 2067, 2066, 2068, 1327, 1329, 1800, 1801})
FRACTIONAL: Final = frozenset({591, 592, 594, 1758, 1759, 1760})  # + - * of float8 and numeric
DIVIDING: Final = frozenset({593, 1761, 1762, 439, 527, 528, 529, 530, 546, 547, 687, 691, 695, 821, 825})

# Units that every value of a type has, and that say something of an infinite one, too.
_DAYS: Final = names("century day decade epoch millennium month quarter year")
_HOURS: Final = names("epoch hour minute second")
UNITS: Final = {
    1082: _DAYS | names("dow doy isodow isoyear week"),
    1083: _HOURS,
    1114: _DAYS | _HOURS | names("dow doy isodow isoyear week"),
    1184: _DAYS | _HOURS | names("dow doy isodow isoyear week"),
    1186: _DAYS | _HOURS,
}

# Operators that hang on settings, so that not even constants are put together before rows are looked at.
STABLE: Final = frozenset(
    {1327, 1329, *range(2358, 2364), *range(2384, 2390), *range(2534, 2546), 2554, 2779, 2780, 3762, 3763}
)
# Types whose values are read from a text without asking a setting or the catalogue: of a constant before rows are looked at.
READ_EARLY: Final = frozenset(
    {16, 17, 18, 20, 21, 23, 26, 114, 3802, 650, 700, 701, 829, 774, 869, 1560, 1562, 1700, 2950, 3220, 3614, 4072}
)
