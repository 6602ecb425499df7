"""What reading a system catalogue may show, by its name.

The rule: a catalogue is judged harmless because it stands in the list, which is of PostgreSQL 15 to 18; a new one is refused until
it is read. Some hold values of rows, statements of others or secrets: those are refused, whole or by column.
"""

from ringfence.sql.model import Path, Refusal
from ringfence.sql.refusals.verdicts import Reason, RelationKind, RelationVerdict, names

_CATALOGUES = names("""
    pg_aggregate pg_am pg_amop pg_amproc pg_attrdef pg_attribute pg_auth_members pg_authid
    pg_available_extension_versions pg_available_extensions pg_cast pg_class pg_collation pg_config pg_constraint
    pg_conversion pg_database pg_db_role_setting pg_default_acl pg_depend pg_description pg_enum pg_event_trigger
    pg_extension pg_foreign_data_wrapper pg_foreign_server pg_foreign_table pg_group pg_index pg_indexes pg_inherits
    pg_init_privs pg_language pg_largeobject_metadata pg_matviews pg_namespace pg_opclass pg_operator pg_opfamily
    pg_parameter_acl pg_partitioned_table pg_policies pg_policy pg_prepared_xacts pg_proc pg_publication
    pg_publication_namespace pg_publication_rel pg_publication_tables pg_range pg_replication_origin
    pg_replication_origin_status pg_replication_slots pg_rewrite pg_roles pg_rules pg_seclabel pg_seclabels pg_sequence
    pg_sequences pg_settings pg_shadow pg_shdepend pg_shdescription pg_shmem_allocations pg_shmem_allocations_numa
    pg_shseclabel pg_statistic_ext pg_subscription pg_subscription_rel pg_tables pg_tablespace pg_timezone_abbrevs
    pg_timezone_names pg_transform pg_trigger pg_ts_config pg_ts_config_map pg_ts_dict pg_ts_parser pg_ts_template
    pg_type pg_user pg_user_mapping pg_user_mappings pg_views pg_wait_events
""")

_INFORMATION_SCHEMA = names("""
    _pg_foreign_data_wrappers _pg_foreign_servers _pg_foreign_table_columns _pg_foreign_tables _pg_user_mappings
    administrable_role_authorizations applicable_roles attributes character_sets check_constraint_routine_usage
    check_constraints collation_character_set_applicability collations column_column_usage column_domain_usage
    column_options column_privileges column_udt_usage columns constraint_column_usage constraint_table_usage
    data_type_privileges domain_constraints domain_udt_usage domains element_types enabled_roles
    foreign_data_wrapper_options foreign_data_wrappers foreign_server_options foreign_servers foreign_table_options
    foreign_tables information_schema_catalog_name key_column_usage parameters referential_constraints role_column_grants
    role_routine_grants role_table_grants role_udt_grants role_usage_grants routine_column_usage routine_privileges
    routine_routine_usage routine_sequence_usage routine_table_usage routines schemata sequences sql_features
    sql_implementation_info sql_parts sql_sizing table_constraints table_privileges tables transforms
    triggered_update_columns triggers udt_privileges usage_privileges user_defined_types user_mapping_options user_mappings
    view_column_usage view_routine_usage view_table_usage views
""")


_VALUES = Reason("it holds values of rows (most common ones, histograms, large objects)", "ask the table itself")
_ACTIVITY = Reason("it shows the statements, addresses or names of sessions", "ask the database's administrators")
_COUNTS = Reason(
    "it counts what ran, or shows what is locked: so that one can see whether a part of a statement ran",
    "ask the database's administrators; a policy may allow it where it is needed",
)
_SERVER = Reason("it shows the server's files and secrets", "ask the database's administrators")
_UNKNOWN = Reason("what it holds has not been looked at", "leave it out; a policy may allow it")

_COUNTING = names("""
    pg_aios pg_locks pg_stat_all_indexes pg_stat_all_tables pg_stat_archiver pg_stat_bgwriter pg_stat_checkpointer
    pg_stat_database pg_stat_database_conflicts pg_stat_io pg_stat_progress_analyze pg_stat_progress_basebackup
    pg_stat_progress_cluster pg_stat_progress_copy pg_stat_progress_create_index pg_stat_progress_vacuum
    pg_stat_recovery_prefetch pg_stat_replication_slots pg_stat_slru pg_stat_subscription pg_stat_subscription_stats
    pg_stat_sys_indexes pg_stat_sys_tables pg_stat_user_functions pg_stat_user_indexes pg_stat_user_tables pg_stat_wal
    pg_stat_xact_all_tables pg_stat_xact_sys_tables pg_stat_xact_user_functions pg_stat_xact_user_tables
    pg_statio_all_indexes pg_statio_all_sequences pg_statio_all_tables pg_statio_sys_indexes pg_statio_sys_sequences
    pg_statio_sys_tables pg_statio_user_indexes pg_statio_user_sequences pg_statio_user_tables
""")

_REFUSED = {
    **dict.fromkeys(_COUNTING, _COUNTS),
    "pg_statistic": _VALUES,
    "pg_statistic_ext_data": _VALUES,
    "pg_stats": _VALUES,
    "pg_stats_ext": _VALUES,
    "pg_stats_ext_exprs": _VALUES,
    "pg_largeobject": _VALUES,
    "pg_stat_activity": _ACTIVITY,
    "pg_stat_replication": _ACTIVITY,
    "pg_stat_ssl": _ACTIVITY,  # the subject of a client's certificate
    "pg_stat_gssapi": _ACTIVITY,
    "pg_prepared_statements": _ACTIVITY,  # their texts, in which a token may have been turned back
    "pg_cursors": _ACTIVITY,
    "pg_backend_memory_contexts": _ACTIVITY,  # named by the statements that they are for
    "pg_stat_wal_receiver": _SERVER,
    "pg_file_settings": _SERVER,
    "pg_hba_file_rules": _SERVER,
    "pg_ident_file_mappings": _SERVER,
}

# Made by an extension, in a schema of somebody's choice; they hold the statements of everyone.
_REFUSED_ANYWHERE = {
    "pg_stat_statements": _ACTIVITY,
    "pg_stat_statements_info": _ACTIVITY,
    "pg_stat_monitor": _ACTIVITY,
    "pg_stat_kcache": _ACTIVITY,
    "pg_buffercache": _SERVER,
}

# Columns of judged catalogues. A view over one of them has it as its origin, so the view needs no row.
_REFUSED_COLUMNS = {
    "pg_authid.rolpassword": _SERVER,
    "pg_user_mapping.umoptions": _SERVER,
    "pg_subscription.subconninfo": _SERVER,
    "pg_shadow.passwd": _SERVER,
    "pg_user_mappings.umoptions": _SERVER,
}
_UNJUDGED = frozenset(f"pg_catalog.{column}" for column in _REFUSED_COLUMNS)


def judge_relation(schema: str, name: str) -> RelationVerdict:
    """Judge the relation `schema.name`.

    >>> judge_relation("pg_catalog", "pg_class").kind.value, judge_relation("pg_catalog", "pg_stats").kind.value
    ('judged', 'refused')
    """
    if (reason := _reason(schema, name)) is not None:
        shown = f"{schema}.{name}"
        return RelationVerdict(
            RelationKind.REFUSED, Refusal("relation", shown, reason.why, reason.mend, f"relation:{shown}")
        )
    system = schema in ("pg_catalog", "information_schema")
    return RelationVerdict(RelationKind.JUDGED if system else RelationKind.NORMAL)


def _reason(schema: str, name: str) -> Reason | None:
    if schema == "pg_catalog":
        return _REFUSED.get(name) or (None if name in _CATALOGUES else _UNKNOWN)
    if schema == "information_schema":
        return None if name in _INFORMATION_SCHEMA else _UNKNOWN
    if schema == "pg_toast" or schema.startswith("pg_toast_temp"):
        return _VALUES
    return _REFUSED_ANYWHERE.get(name)


def judge_column(path: Path) -> Refusal | None:
    """Judge one column of a judged relation; None where it holds nothing that is refused."""
    schema, _, column = path.partition(".")
    reason = _REFUSED_COLUMNS.get(column) if schema == "pg_catalog" else None
    if reason is None:
        return None
    relation = f"{schema}.{column.partition('.')[0]}"
    return Refusal("relation", path, reason.why, reason.mend, f"relation:{relation}")


def is_judged(path: Path) -> bool:
    """Whether the column at `path` is of a judged system catalogue and holds nothing personal.

    >>> is_judged("pg_catalog.pg_class.relname"), is_judged("pg_catalog.pg_authid.rolpassword"), is_judged("public.t.a")
    (True, False, False)
    """
    schema, _, rest = path.partition(".")
    relation = rest.partition(".")[0]
    if schema == "pg_catalog":
        return relation in _CATALOGUES and path not in _UNJUDGED
    return schema == "information_schema" and relation in _INFORMATION_SCHEMA
