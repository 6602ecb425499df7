"""Settings that a client may read and set, by name and, where it matters, by value.

The rule: a setting may be set because no value of it changes what the gate can read or where data goes: how values are spelt, how a
plan is made, how long to wait, where names are looked up. What identity, triggers, logs and loaded code hang on is refused, and so
is whatever is in no list.
"""

from ringfence.sql.model import Refusal
from ringfence.sql.refusals.verdicts import Reason, names

_FREE = names("""
    ringfence.purpose ringfence.reason

    application_name search_path datestyle intervalstyle timezone timezone_abbreviations bytea_output extra_float_digits
    lc_monetary lc_numeric lc_time xmlbinary xmloption default_text_search_config array_nulls quote_all_identifiers
    escape_string_warning backslash_quote transform_null_equals row_security synchronize_seqscans check_function_bodies
    restrict_nonsystem_relation_kind gin_fuzzy_search_limit

    transaction_isolation transaction_read_only transaction_deferrable default_transaction_isolation
    default_transaction_read_only default_transaction_deferrable synchronous_commit commit_siblings

    statement_timeout lock_timeout transaction_timeout idle_in_transaction_session_timeout idle_session_timeout
    tcp_keepalives_count tcp_keepalives_idle tcp_keepalives_interval tcp_user_timeout client_connection_check_interval

    work_mem maintenance_work_mem temp_buffers hash_mem_multiplier logical_decoding_work_mem temp_tablespaces
    default_tablespace default_table_access_method default_toast_compression default_statistics_target backend_flush_after
    effective_cache_size effective_io_concurrency maintenance_io_concurrency io_combine_limit gin_pending_list_limit

    plan_cache_mode stats_fetch_consistency jit jit_above_cost jit_expressions jit_inline_above_cost jit_optimize_above_cost
    jit_tuple_deforming

    vacuum_buffer_usage_limit vacuum_cost_delay vacuum_cost_limit vacuum_cost_page_dirty vacuum_cost_page_hit
    vacuum_cost_page_miss vacuum_failsafe_age vacuum_freeze_min_age vacuum_freeze_table_age
    vacuum_max_eager_freeze_failure_rate vacuum_multixact_failsafe_age vacuum_multixact_freeze_min_age
    vacuum_multixact_freeze_table_age vacuum_truncate wal_skip_threshold
""")

# Read by drivers; the server itself refuses to set them.
_FIXED = names("""
    server_version server_version_num server_encoding integer_datetimes lc_collate lc_ctype max_identifier_length
    max_index_keys max_function_args block_size segment_size wal_block_size wal_segment_size data_checksums debug_assertions
    in_hot_standby is_superuser max_connections max_prepared_transactions port shared_buffers wal_level ssl ssl_library cluster_name
""")

_ON = frozenset({"on", "true", "yes", "1", "t", "y", "tr", "tru", "ye"})
_UTF8 = frozenset({"utf8", "unicode"})
_LEVELS = frozenset(
    {"debug5", "debug4", "debug3", "debug2", "debug1", "debug", "log", "info", "notice", "warning", "error"}
)

# Settings with values that may pass, spelt without case and punctuation. The gate could not read the others: no policy lifts these.
_BY_VALUE = {
    "client_encoding": (_UTF8, "the gate reads UTF-8 only", "SET client_encoding TO 'UTF8', and convert at the client"),
    "standard_conforming_strings": (
        _ON,
        "it changes what a quoted string means",
        "leave it on; write E'...' for escapes",
    ),
    "client_min_messages": (_LEVELS, "it is not a level", "use one of the server's levels"),
}


_IDENTITY = Reason("it changes who asks", "log in as the role that is needed")
_LOGGING = Reason("it writes statements, with their values, to the server's log", "leave it out")
_TRACING = Reason("the gate traces statements with it", "leave it out")
_CODE = Reason("it loads code or changes what the server runs", "ask the database's administrators")
_PLANNING = Reason(
    "it chooses in which order rows come, and that order tells of columns that are not shown clear",
    "leave it out; a policy may allow it where every column is shown clear",
)
_UNKNOWN = Reason("it is on no list of settings that a client may change", "leave it out; a policy may allow it")

_REFUSED = {
    "role": _IDENTITY,
    "session_authorization": _IDENTITY,
    "createrole_self_grant": _IDENTITY,
    "session_replication_role": Reason("it switches triggers and foreign keys off", "leave it out"),
    "local_preload_libraries": _CODE,
    "session_preload_libraries": _CODE,
    "dynamic_library_path": _CODE,
    "allow_system_table_mods": _CODE,
    "lo_compat_privileges": _CODE,
}
_REFUSED_BEGINNINGS = (("log_", _LOGGING), ("trace_", _LOGGING), ("enable_", _PLANNING), ("geqo", _PLANNING))
_PLANNER = names("""
    constraint_exclusion cursor_tuple_fraction from_collapse_limit join_collapse_limit recursive_worktable_factor
    random_page_cost seq_page_cost cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost parallel_setup_cost
    parallel_tuple_cost parallel_leader_participation min_parallel_index_scan_size min_parallel_table_scan_size
    max_parallel_maintenance_workers max_parallel_workers max_parallel_workers_per_gather force_parallel_mode
    debug_parallel_query
""")
# What the gate reads by: no policy can lift these.
_REFUSED_FOR_GOOD = ("debug_print_", "debug_pretty_print")


def allowed_setting(name: str) -> bool:
    """Whether ``current_setting`` and ``set_config`` may be called with the setting `name` (any case) and any constant value.

    >>> allowed_setting("search_path"), allowed_setting("server_version"), allowed_setting("role")
    (True, True, False)
    """
    folded = name.lower()
    return folded in _FREE or folded in _FIXED


def allowed_at_start(name: str, value: str) -> bool:
    """Whether a session may begin with the setting `name` (any case) at this value.

    >>> allowed_at_start("client_min_messages", "notice"), allowed_at_start("client_min_messages", "x")
    (True, False)
    """
    return allowed_setting(name) or (name.lower() in _BY_VALUE and judge_setting(name, value) is None)


def readable_setting(name: str) -> bool:
    """Whether ``SHOW`` and ``current_setting`` may read the setting `name`.

    One without a dot is the server's own, and pg_settings shows it as well; one with a dot is somebody's variable.
    """
    return "." not in name or name.lower() in _FREE


def judge_setting(name: str, value: str | None) -> Refusal | None:
    """Judge ``SET name TO value`` (None: to what it was at start); None where it may run.

    >>> judge_setting("client_encoding", "latin1").why
    'the gate reads UTF-8 only'
    """
    folded = name.lower()
    if folded in _FREE or folded == "all":
        return None
    if folded in _BY_VALUE:
        values, why, mend = _BY_VALUE[folded]
        plain = "" if value is None else "".join(filter(str.isalnum, value.lower()))
        return None if value is None or plain in values else Refusal("setting", folded, why, mend)
    if folded.startswith(_REFUSED_FOR_GOOD):
        return Refusal("setting", folded, _TRACING.why, _TRACING.mend)
    for beginning, reason in _REFUSED_BEGINNINGS:
        if folded.startswith(beginning):
            return _refused(folded, reason)
    if folded in _PLANNER:
        return _refused(folded, _PLANNING)
    if folded in ("role", "session_authorization") and (value is None or value.lower() == "none"):
        return None  # back to what the gate logged in as
    return _refused(folded, _REFUSED.get(folded, _UNKNOWN))


def _refused(name: str, reason: Reason) -> Refusal:
    return Refusal("setting", name, reason.why, reason.mend, f"setting:{name}")
