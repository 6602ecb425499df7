"""What the tables say of functions, relations, settings and statements, by example and as wholes."""

import pytest

from ringfence.sql.refusals import (
    FunctionKind,
    RelationKind,
    allowed_setting,
    builtins,
    functions,
    is_judged,
    judge_column,
    judge_function,
    judge_relation,
    judge_setting,
    judge_statement,
    leaves_trace,
    particular,
    readable_setting,
    relations,
    settings,
    statements,
)

PURE, HARMLESS, SETTING, REFUSED = FunctionKind


@pytest.mark.parametrize(
    ("name", "volatility", "kind"),
    [
        ("lower", "i", PURE),
        ("max", "i", PURE),
        ("to_char", "s", PURE),
        ("concat", "s", PURE),
        ("json_agg", "s", PURE),
        ("format_type", "s", PURE),
        ("pg_get_viewdef", "s", PURE),
        ("nextval", "v", PURE),
        ("random", "v", PURE),
        ("now", "s", HARMLESS),
        ("version", "s", HARMLESS),
        ("pg_backend_pid", "s", HARMLESS),
        ("pg_advisory_unlock_all", "v", HARMLESS),
        ("gen_random_uuid", "v", HARMLESS),
        ("current_setting", "s", SETTING),
        ("set_config", "v", SETTING),
        ("pg_read_file", "v", REFUSED),
        ("pg_ls_dir", "v", REFUSED),
        ("lo_export", "v", REFUSED),
        ("lo_get", "v", REFUSED),
        ("query_to_xml", "v", REFUSED),
        ("table_to_xml", "s", REFUSED),
        ("ts_stat", "v", REFUSED),
        ("ts_rewrite", "v", REFUSED),
        ("ts_rewrite", "i", PURE),
        ("pg_notify", "v", REFUSED),
        ("pg_advisory_lock", "v", REFUSED),
        ("setval", "v", REFUSED),
        ("setseed", "v", REFUSED),
        ("pg_stat_get_activity", "s", REFUSED),
        ("pg_stat_get_backend_activity", "s", REFUSED),
        ("current_query", "v", REFUSED),
        ("pg_prepared_statement", "s", REFUSED),
        ("pg_mcv_list_items", "s", REFUSED),
        ("pg_logical_slot_get_changes", "v", REFUSED),
        ("pg_terminate_backend", "v", REFUSED),
        ("pg_reload_conf", "v", REFUSED),
        ("domain_in", "s", REFUSED),
        ("a_function_of_tomorrow", "v", REFUSED),
        ("a_function_of_tomorrow", "s", REFUSED),
    ],
)
def test_a_built_in_function_is_judged_by_what_it_does(name: str, volatility: str, kind: FunctionKind) -> None:
    verdict = judge_function("pg_catalog", name, volatility, "f")
    assert verdict.kind is kind
    assert (verdict.refusal is not None) == (kind is REFUSED)
    if verdict.refusal is not None:
        assert verdict.refusal.allow == f"function:{name}"


def test_a_function_that_is_not_built_in_says_nothing_of_itself() -> None:
    for volatility in "isv":
        refusal = judge_function("public", "lower", volatility, "f").refusal
        assert refusal is not None
        assert (refusal.rule, refusal.allow) == ("function", "function:public.lower")
        assert "declare" in refusal.mend
    assert judge_function("pg_catalog", "a_procedure", "i", "p").kind is REFUSED


def test_no_function_stands_in_two_groups() -> None:
    groups = [names for _, names in (*builtins.PURE, *builtins.HARMLESS)] + [names for *_, names in functions._REFUSED]
    listed = [name for names in groups for name in names.split()] + [*functions._SETTINGS]
    assert len(listed) == len(set(listed)) > 750


def test_what_can_be_seen_later_is_said() -> None:
    assert leaves_trace("pg_catalog", "nextval")
    assert leaves_trace("pg_catalog", "set_config")
    assert not leaves_trace("pg_catalog", "lower")
    assert not leaves_trace("public", "nextval")


@pytest.mark.parametrize(
    ("schema", "name", "kind"),
    [
        ("pg_catalog", "pg_class", RelationKind.JUDGED),
        ("pg_catalog", "pg_settings", RelationKind.JUDGED),
        ("pg_catalog", "pg_authid", RelationKind.JUDGED),
        ("information_schema", "columns", RelationKind.JUDGED),
        ("public", "customer", RelationKind.NORMAL),
        ("public", "pg_class", RelationKind.NORMAL),
        ("pg_temp_3", "t", RelationKind.NORMAL),
        ("pg_catalog", "pg_stats", RelationKind.REFUSED),
        ("pg_catalog", "pg_statistic", RelationKind.REFUSED),
        ("pg_catalog", "pg_statistic_ext_data", RelationKind.REFUSED),
        ("pg_catalog", "pg_stat_activity", RelationKind.REFUSED),
        ("pg_catalog", "pg_prepared_statements", RelationKind.REFUSED),
        ("pg_catalog", "pg_largeobject", RelationKind.REFUSED),
        ("pg_catalog", "pg_hba_file_rules", RelationKind.REFUSED),
        ("pg_catalog", "pg_of_tomorrow", RelationKind.REFUSED),
        ("information_schema", "of_tomorrow", RelationKind.REFUSED),
        ("pg_toast", "pg_toast_16384", RelationKind.REFUSED),
        ("pg_toast_temp_3", "pg_toast_16384", RelationKind.REFUSED),
        ("public", "pg_stat_statements", RelationKind.REFUSED),
        ("monitoring", "pg_stat_statements", RelationKind.REFUSED),
    ],
)
def test_a_relation_is_judged_by_what_it_holds(schema: str, name: str, kind: RelationKind) -> None:
    verdict = judge_relation(schema, name)
    assert verdict.kind is kind
    assert (verdict.refusal is not None) == (kind is RelationKind.REFUSED)
    if verdict.refusal is not None:
        assert verdict.refusal.allow == f"relation:{schema}.{name}"


@pytest.mark.parametrize(
    "path",
    [
        "pg_catalog.pg_authid.rolpassword",
        "pg_catalog.pg_user_mapping.umoptions",
        "pg_catalog.pg_subscription.subconninfo",
    ],
)
def test_a_secret_column_of_a_judged_catalogue_is_not_judged(path: str) -> None:
    assert not is_judged(path)
    refusal = judge_column(path)
    assert refusal is not None
    assert refusal.name == path
    assert judge_relation(*path.split(".")[:2]).kind is RelationKind.JUDGED


def test_columns_of_catalogues_are_judged_and_no_others() -> None:
    assert is_judged("pg_catalog.pg_class.relname")
    assert is_judged("information_schema.columns.column_name")
    assert judge_column("pg_catalog.pg_class.relname") is None
    for path in (
        "public.customer.email",
        "pg_catalog.pg_stats.most_common_vals",
        "pg_catalog.pg_statistic.stavalues1",
        "pg_temp.t.a",
        "pg_class.relname.x",
    ):
        assert not is_judged(path), path


def test_no_catalogue_is_both_judged_and_refused() -> None:
    assert not relations._CATALOGUES & set(relations._REFUSED)


def test_settings_that_may_be_set_may_be_read() -> None:
    for name in settings._FREE | settings._FIXED:
        assert allowed_setting(name)
        assert allowed_setting(name.upper())
        assert readable_setting(name)
    for name in (
        "role",
        "session_authorization",
        "log_statement",
        "client_encoding",
        "standard_conforming_strings",
        "app.x",
        "debug_print_plan",
    ):
        assert not allowed_setting(name)


def test_a_setting_that_is_free_may_have_any_value_and_go_back() -> None:
    for name in settings._FREE:
        assert judge_setting(name, "x") is None
        assert judge_setting(name, None) is None


@pytest.mark.parametrize("value", ["UTF8", "utf-8", "Unicode", "utf_8", None])
def test_the_one_encoding_that_the_gate_reads_may_be_set(value: str | None) -> None:
    assert judge_setting("CLIENT_ENCODING", value) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client_encoding", "LATIN1"),
        ("client_encoding", ""),
        ("standard_conforming_strings", "off"),
        ("debug_print_rewritten", "on"),
        ("debug_print_rewritten", None),
        ("debug_pretty_print", "off"),
    ],
)
def test_what_the_gate_reads_by_can_be_lifted_by_no_policy(name: str, value: str | None) -> None:
    refusal = judge_setting(name, value)
    assert refusal is not None
    assert refusal.allow == ""


def test_who_asks_may_only_go_back_to_who_logged_in() -> None:
    for name in ("role", "session_authorization"):
        assert judge_setting(name, None) is None
        refusal = judge_setting(name, "postgres")
        assert refusal is not None
        assert refusal.allow == f"setting:{name}"


def test_every_refusal_says_why_and_what_to_do() -> None:
    refusals = [judge_statement(node) for node in statements._BY_NODE]
    refusals += [particular(name) for name in (*statements._PARTICULAR, *statements._NEVER)]
    refusals += [judge_statement("SomeNewStmt")]
    for each in refusals:
        assert each.rule == "statement"
        assert each.why
        assert each.mend
        assert each.allow in ("", f"statement:{each.name}")
    assert judge_statement("DropStmt", "drop-table").allow == "statement:drop-table"
