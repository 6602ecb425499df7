"""What a function's result may hold, by its name.

The rule: a built-in function that is immutable is pure; a stable or volatile one stands in a group of `builtins` or is refused,
with its group's reason or as unknown. A function that is not built in says nothing of itself here: its body is read elsewhere, or
the asset's policy declares it.
"""

from ringfence.sql.model import Refusal
from ringfence.sql.refusals.builtins import HARMLESS, PURE
from ringfence.sql.refusals.verdicts import FunctionKind, FunctionVerdict, Reason, names

_REFUSED = (
    (
        "it runs a text, or a whole relation, that no tree shows",
        "write the query itself: SELECT, with the columns that are needed",
        """
        cursor_to_xml cursor_to_xmlschema database_to_xml database_to_xml_and_xmlschema database_to_xmlschema
        query_to_xml query_to_xml_and_xmlschema query_to_xmlschema schema_to_xml schema_to_xml_and_xmlschema
        schema_to_xmlschema table_to_xml table_to_xml_and_xmlschema table_to_xmlschema ts_rewrite ts_stat
        """,
    ),
    (
        "it reads a value of a type that is named by another value, and runs that type's checks",
        "write a cast: value::type",
        """
        anyarray_recv anycompatiblearray_recv anycompatiblemultirange_in anycompatiblerange_in anymultirange_in
        anyrange_in array_in array_recv domain_in domain_recv multirange_in multirange_recv pg_input_error_info
        pg_input_is_valid range_in range_recv record_in record_recv
        """,
    ),
    (
        "it reads the files of the database server",
        "read them where they are",
        """
        pg_current_logfile pg_hba_file_rules pg_ident_file_mappings pg_ls_archive_statusdir pg_ls_dir pg_ls_logdir
        pg_ls_logicalmapdir pg_ls_logicalsnapdir pg_ls_replslotdir pg_ls_summariesdir pg_ls_tmpdir pg_ls_waldir
        pg_read_binary_file pg_read_file pg_read_file_old pg_show_all_file_settings pg_stat_file
        """,
    ),
    (
        "it reads or writes large objects, whose bytes no policy names",
        "keep the value in a column of a table that the policy names",
        """
        lo_close lo_creat lo_create lo_export lo_from_bytea lo_get lo_import lo_lseek lo_lseek64 lo_open lo_put
        lo_tell lo_tell64 lo_truncate lo_truncate64 lo_unlink loread lowrite
        """,
    ),
    (
        "its argument can be seen by other sessions, past every flow",
        "leave it out; a policy may allow it where it is needed",
        """
        pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_shared pg_advisory_xact_lock
        pg_advisory_xact_lock_shared pg_create_restore_point pg_logical_emit_message pg_notify pg_try_advisory_lock
        pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared setseed setval
        """,
    ),
    (
        "it shows the statements, addresses or names of sessions",
        "ask the database's administrators",
        """
        current_query pg_cursor pg_get_backend_memory_contexts pg_log_backend_memory_contexts pg_prepared_statement
        pg_stat_get_activity pg_stat_get_backend_activity pg_stat_get_backend_activity_start
        pg_stat_get_backend_client_addr pg_stat_get_backend_client_port pg_stat_get_backend_dbid
        pg_stat_get_backend_idset pg_stat_get_backend_pid pg_stat_get_backend_start pg_stat_get_backend_subxact
        pg_stat_get_backend_userid pg_stat_get_backend_wait_event pg_stat_get_backend_wait_event_type
        pg_stat_get_backend_xact_start pg_stat_get_wal_receiver pg_stat_get_wal_senders
        """,
    ),
    (
        "it counts what ran, or shows what is locked: so that one can see whether a part of a statement ran",
        "ask the database's administrators; a policy may allow it where it is needed",
        """
        pg_blocking_pids pg_get_aios pg_isolation_test_session_is_blocked pg_lock_status
        pg_safe_snapshot_blocking_pids pg_stat_get_analyze_count pg_stat_get_archiver
        pg_stat_get_autoanalyze_count pg_stat_get_autovacuum_count pg_stat_get_backend_io
        pg_stat_get_backend_wal pg_stat_get_bgwriter_buf_written_checkpoints
        pg_stat_get_bgwriter_buf_written_clean pg_stat_get_bgwriter_maxwritten_clean
        pg_stat_get_bgwriter_requested_checkpoints pg_stat_get_bgwriter_stat_reset_time
        pg_stat_get_bgwriter_timed_checkpoints pg_stat_get_blocks_fetched pg_stat_get_blocks_hit
        pg_stat_get_buf_alloc pg_stat_get_buf_fsync_backend pg_stat_get_buf_written_backend
        pg_stat_get_checkpoint_sync_time pg_stat_get_checkpoint_write_time
        pg_stat_get_checkpointer_buffers_written pg_stat_get_checkpointer_num_performed
        pg_stat_get_checkpointer_num_requested pg_stat_get_checkpointer_num_timed
        pg_stat_get_checkpointer_restartpoints_performed pg_stat_get_checkpointer_restartpoints_requested
        pg_stat_get_checkpointer_restartpoints_timed pg_stat_get_checkpointer_slru_written
        pg_stat_get_checkpointer_stat_reset_time pg_stat_get_checkpointer_sync_time
        pg_stat_get_checkpointer_write_time pg_stat_get_db_active_time pg_stat_get_db_blk_read_time
        pg_stat_get_db_blk_write_time pg_stat_get_db_blocks_fetched pg_stat_get_db_blocks_hit
        pg_stat_get_db_checksum_failures pg_stat_get_db_checksum_last_failure pg_stat_get_db_conflict_all
        pg_stat_get_db_conflict_bufferpin pg_stat_get_db_conflict_lock pg_stat_get_db_conflict_logicalslot
        pg_stat_get_db_conflict_snapshot pg_stat_get_db_conflict_startup_deadlock
        pg_stat_get_db_conflict_tablespace pg_stat_get_db_deadlocks pg_stat_get_db_idle_in_transaction_time
        pg_stat_get_db_numbackends pg_stat_get_db_parallel_workers_launched
        pg_stat_get_db_parallel_workers_to_launch pg_stat_get_db_session_time pg_stat_get_db_sessions
        pg_stat_get_db_sessions_abandoned pg_stat_get_db_sessions_fatal pg_stat_get_db_sessions_killed
        pg_stat_get_db_stat_reset_time pg_stat_get_db_temp_bytes pg_stat_get_db_temp_files
        pg_stat_get_db_tuples_deleted pg_stat_get_db_tuples_fetched pg_stat_get_db_tuples_inserted
        pg_stat_get_db_tuples_returned pg_stat_get_db_tuples_updated pg_stat_get_db_xact_commit
        pg_stat_get_db_xact_rollback pg_stat_get_dead_tuples pg_stat_get_function_calls
        pg_stat_get_function_self_time pg_stat_get_function_total_time pg_stat_get_ins_since_vacuum
        pg_stat_get_io pg_stat_get_last_analyze_time pg_stat_get_last_autoanalyze_time
        pg_stat_get_last_autovacuum_time pg_stat_get_last_vacuum_time pg_stat_get_lastscan
        pg_stat_get_live_tuples pg_stat_get_mod_since_analyze pg_stat_get_numscans pg_stat_get_progress_info
        pg_stat_get_recovery_prefetch pg_stat_get_replication_slot pg_stat_get_slru
        pg_stat_get_snapshot_timestamp pg_stat_get_subscription pg_stat_get_subscription_stats
        pg_stat_get_total_analyze_time pg_stat_get_total_autoanalyze_time pg_stat_get_total_autovacuum_time
        pg_stat_get_total_vacuum_time pg_stat_get_tuples_deleted pg_stat_get_tuples_fetched
        pg_stat_get_tuples_hot_updated pg_stat_get_tuples_inserted pg_stat_get_tuples_newpage_updated
        pg_stat_get_tuples_returned pg_stat_get_tuples_updated pg_stat_get_vacuum_count pg_stat_get_wal
        pg_stat_get_xact_blocks_fetched pg_stat_get_xact_blocks_hit pg_stat_get_xact_function_calls
        pg_stat_get_xact_function_self_time pg_stat_get_xact_function_total_time pg_stat_get_xact_numscans
        pg_stat_get_xact_tuples_deleted pg_stat_get_xact_tuples_fetched pg_stat_get_xact_tuples_hot_updated
        pg_stat_get_xact_tuples_inserted pg_stat_get_xact_tuples_newpage_updated
        pg_stat_get_xact_tuples_returned pg_stat_get_xact_tuples_updated pg_stat_have_stats
        """,
    ),
    (
        "it reads or writes values of rows that the catalogue keeps of its own (statistics, the log)",
        "ask the table itself",
        """
        pg_clear_attribute_stats pg_clear_relation_stats pg_logical_slot_get_binary_changes
        pg_logical_slot_get_changes pg_logical_slot_peek_binary_changes pg_logical_slot_peek_changes
        pg_mcv_list_items pg_mcv_list_recv pg_mcv_list_send pg_restore_attribute_stats pg_restore_relation_stats
        """,
    ),
    (
        "it operates the server",
        "ask the database's administrators",
        """
        brin_desummarize_range brin_summarize_new_values brin_summarize_range gin_clean_pending_list pg_backup_start
        pg_backup_stop pg_cancel_backend pg_copy_logical_replication_slot pg_copy_physical_replication_slot
        pg_create_logical_replication_slot pg_create_physical_replication_slot pg_drop_replication_slot
        pg_import_system_collations pg_log_standby_snapshot pg_promote pg_reload_conf pg_replication_origin_advance
        pg_replication_origin_create pg_replication_origin_drop pg_replication_origin_progress
        pg_replication_origin_session_is_setup pg_replication_origin_session_progress
        pg_replication_origin_session_reset pg_replication_origin_session_setup pg_replication_origin_xact_reset
        pg_replication_origin_xact_setup pg_replication_slot_advance pg_rotate_logfile pg_rotate_logfile_old
        pg_stat_reset pg_stat_reset_backend_stats pg_stat_reset_replication_slot pg_stat_reset_shared
        pg_stat_reset_single_function_counters pg_stat_reset_single_table_counters pg_stat_reset_slru
        pg_stat_reset_subscription_stats pg_switch_wal pg_sync_replication_slots pg_terminate_backend
        pg_wal_replay_pause pg_wal_replay_resume
        """,
    ),
    (
        "it is the server's own, not meant to be called in a statement",
        "leave it out",
        """
        RI_FKey_cascade_del RI_FKey_cascade_upd RI_FKey_check_ins RI_FKey_check_upd RI_FKey_noaction_del
        RI_FKey_noaction_upd RI_FKey_restrict_del RI_FKey_restrict_upd RI_FKey_setdefault_del RI_FKey_setdefault_upd
        RI_FKey_setnull_del RI_FKey_setnull_upd amvalidate areajoinsel areasel array_typanalyze arraycontjoinsel
        arraycontsel binary_upgrade_add_sub_rel_state binary_upgrade_create_empty_extension
        binary_upgrade_logical_slot_has_caught_up binary_upgrade_replorigin_advance binary_upgrade_set_missing_value
        binary_upgrade_set_next_array_pg_type_oid binary_upgrade_set_next_heap_pg_class_oid
        binary_upgrade_set_next_heap_relfilenode binary_upgrade_set_next_index_pg_class_oid
        binary_upgrade_set_next_index_relfilenode binary_upgrade_set_next_multirange_array_pg_type_oid
        binary_upgrade_set_next_multirange_pg_type_oid binary_upgrade_set_next_pg_authid_oid
        binary_upgrade_set_next_pg_enum_oid binary_upgrade_set_next_pg_tablespace_oid
        binary_upgrade_set_next_pg_type_oid binary_upgrade_set_next_toast_pg_class_oid
        binary_upgrade_set_next_toast_relfilenode binary_upgrade_set_record_init_privs brin_bloom_summary_recv
        brin_bloom_summary_send brin_minmax_multi_summary_recv brin_minmax_multi_summary_send brinhandler bthandler
        contjoinsel contsel currtid2 dsnowball_init dsnowball_lexize eqjoinsel eqsel fmgr_c_validator
        fmgr_internal_validator fmgr_sql_validator ginhandler gisthandler hashhandler heap_tableam_handler
        iclikejoinsel iclikesel icnlikejoinsel icnlikesel icregexeqjoinsel icregexeqsel icregexnejoinsel
        icregexnesel json_agg_strict_transfn json_agg_transfn json_object_agg_strict_transfn json_object_agg_transfn
        json_object_agg_unique_strict_transfn json_object_agg_unique_transfn jsonb_agg_finalfn
        jsonb_agg_strict_transfn jsonb_agg_transfn jsonb_object_agg_finalfn jsonb_object_agg_strict_transfn
        jsonb_object_agg_transfn jsonb_object_agg_unique_strict_transfn jsonb_object_agg_unique_transfn likejoinsel
        likesel matchingjoinsel matchingsel multirange_typanalyze multirangesel neqjoinsel neqsel networkjoinsel
        networksel nlikejoinsel nlikesel pg_dependencies_recv pg_dependencies_send pg_event_trigger_ddl_commands
        pg_event_trigger_dropped_objects pg_event_trigger_table_rewrite_oid pg_event_trigger_table_rewrite_reason
        pg_extension_config_dump pg_ndistinct_recv pg_ndistinct_send pg_nextoid pg_node_tree_recv pg_node_tree_send
        pg_stop_making_pinned_objects plpgsql_call_handler plpgsql_inline_handler plpgsql_validator positionjoinsel
        positionsel prefixjoinsel prefixsel range_typanalyze rangesel regexeqjoinsel regexeqsel regexnejoinsel
        regexnesel scalargejoinsel scalargesel scalargtjoinsel scalargtsel scalarlejoinsel scalarlesel
        scalarltjoinsel scalarltsel spghandler suppress_redundant_updates_trigger ts_typanalyze tsmatchjoinsel
        tsmatchsel tsvector_update_trigger tsvector_update_trigger_column unique_key_recheck
        """,
    ),
)

# Names of settings are data: their first argument has to be a constant that `allowed_setting` or `readable_setting` knows.
_SETTINGS = frozenset({"current_setting", "set_config"})

# What these do can be seen later by anyone (a sequence stands elsewhere, a clock has run, a setting has changed): under a condition
# over a column they would tell of the column, whatever becomes of their result.
_TRACES: tuple[tuple[str, str], ...] = (
    ("A sequence stands elsewhere.", "nextval"),
    ("A clock has run.", "pg_sleep pg_sleep_for pg_sleep_until"),
    ("A setting has changed.", "set_config"),
    (
        "The transaction has a number, or another session may see by its snapshot.",
        "pg_current_xact_id pg_export_snapshot txid_current",
    ),
    ("A relation is locked until the transaction ends.", "pg_sequence_last_value"),
    (
        "Chance goes on from elsewhere: who saw enough numbers knows which come next.",
        "array_sample array_shuffle bernoulli random random_normal system uuidv7",
    ),
    ("Locks are gone, or counts read anew.", "pg_advisory_unlock_all pg_stat_clear_snapshot pg_stat_force_next_flush"),
)
_LEAVING_TRACES = frozenset(name for _, listed in _TRACES for name in listed.split())

# The SQL functions that the views of information_schema are made of.
_INFORMATION_SCHEMA = names("""
    _pg_expandarray _pg_index_position _pg_truetypid _pg_truetypmod _pg_char_max_length _pg_char_octet_length
    _pg_numeric_precision _pg_numeric_precision_radix _pg_numeric_scale _pg_datetime_precision _pg_interval_type
""")

_UNKNOWN_BUILT_IN = Reason("what it does has not been looked at", "leave it out; a policy may allow it")
_UNKNOWN = Reason("what its result holds is not known", "declare it in the asset's functions")


def _kinds() -> dict[str, FunctionKind]:
    kinds = dict.fromkeys(_SETTINGS, FunctionKind.SETTING)
    for groups, kind in ((PURE, FunctionKind.PURE), (HARMLESS, FunctionKind.HARMLESS)):
        for _, listed in groups:
            kinds |= dict.fromkeys(listed.split(), kind)
    return kinds


_KINDS = _kinds()
_WHY = {name: Reason(why, mend) for why, mend, listed in _REFUSED for name in listed.split()}
_PURE = FunctionVerdict(FunctionKind.PURE)


def judge_function(schema: str, name: str, volatility: str, kind: str) -> FunctionVerdict:
    """Judge the function `schema.name`; `volatility` is pg_proc.provolatile (i, s, v), `kind` pg_proc.prokind (f, a, w, p).

    >>> judge_function("pg_catalog", "lower", "i", "f").kind.value
    'pure'
    >>> judge_function("pg_catalog", "pg_read_file", "v", "f").refusal.why
    'it reads the files of the database server'
    """
    if schema == "information_schema" and name in _INFORMATION_SCHEMA:
        return _PURE
    if schema != "pg_catalog" or kind == "p":
        return _refused(schema, name, _UNKNOWN)
    if volatility == "i":
        return _PURE
    if (reason := _WHY.get(name)) is not None:
        return _refused(schema, name, reason)
    if (known := _KINDS.get(name)) is not None:
        return FunctionVerdict(known)
    return _refused(schema, name, _UNKNOWN_BUILT_IN)


def leaves_trace(schema: str, name: str) -> bool:
    """Whether what a (not refused) function does can be seen later, so that it may not stand under a condition over a column."""
    return schema == "pg_catalog" and name in _LEAVING_TRACES


def _refused(schema: str, name: str, reason: Reason) -> FunctionVerdict:
    # A built-in function is allowed by its bare name, as it is written; another one by its schema and name.
    shown = name if schema == "pg_catalog" else f"{schema}.{name}"
    return FunctionVerdict(
        FunctionKind.REFUSED, Refusal("function", shown, reason.why, reason.mend, f"function:{shown}")
    )
