"""The stable and volatile functions of pg_catalog (PostgreSQL 15 to 18) that somebody has read and found harmless.

The rule: a name stands here because of what the function does, not because nobody objected; a new one is refused until it is
read. The names are those of the catalogues of PostgreSQL 15, 16, 17 and 18. Immutable functions need no row: their result holds
what their arguments hold, and nothing else. Each group says why it is harmless.
"""

# The result holds only what the arguments hold, and names and numbers of the catalogue.
PURE: tuple[tuple[str, str], ...] = (
    (
        "Names, definitions and properties of what the catalogue holds, by OID or name. Definitions are schema.",
        """
        aclexplode col_description current_schemas format_type obj_description oidvectortypes pg_basetype
        pg_char_to_encoding pg_collation_actual_version pg_collation_for pg_collation_is_visible
        pg_column_is_updatable pg_conversion_is_visible pg_database_collation_actual_version pg_describe_object
        pg_encoding_to_char pg_extension_update_paths pg_filenode_relation pg_function_is_visible pg_get_acl
        pg_get_constraintdef pg_get_expr pg_get_function_arg_default pg_get_function_arguments
        pg_get_function_identity_arguments pg_get_function_result pg_get_function_sqlbody pg_get_functiondef
        pg_get_indexdef pg_get_multixact_members pg_get_object_address pg_get_partition_constraintdef
        pg_get_partkeydef pg_get_publication_tables pg_get_replica_identity_index pg_get_ruledef
        pg_get_sequence_data pg_get_serial_sequence pg_get_statisticsobjdef pg_get_statisticsobjdef_columns
        pg_get_statisticsobjdef_expressions pg_get_triggerdef pg_get_userbyid pg_get_viewdef pg_identify_object
        pg_identify_object_as_address pg_index_column_has_property pg_index_has_property pg_indexam_has_property
        pg_indexes_size pg_is_other_temp_schema pg_opclass_is_visible pg_operator_is_visible pg_opfamily_is_visible
        pg_options_to_table pg_partition_ancestors pg_partition_tree pg_relation_filenode pg_relation_filepath
        pg_relation_is_publishable pg_relation_is_updatable pg_replication_origin_oid pg_sequence_last_value
        pg_sequence_parameters pg_settings_get_flags pg_split_walfile_name pg_statistics_obj_is_visible
        pg_table_is_visible pg_tablespace_databases pg_tablespace_location pg_ts_config_is_visible
        pg_ts_dict_is_visible pg_ts_parser_is_visible pg_ts_template_is_visible pg_type_is_visible pg_typeof
        regclass regclassin regclassout regcollationin regcollationout regconfigin regconfigout regdictionaryin
        regdictionaryout regnamespacein regnamespaceout regoperatorin regoperatorout regoperin regoperout
        regprocedurein regprocedureout regprocin regprocout regrolein regroleout regtypein regtypeout
        row_security_active shobj_description to_regclass to_regcollation to_regnamespace to_regoper to_regoperator
        to_regproc to_regprocedure to_regrole to_regtype to_regtypemod
        """,
    ),
    (
        "Sizes on disk: of a relation, or of the value that is their argument.",
        """
        pg_column_compression pg_column_size pg_column_toast_chunk_id pg_database_size pg_relation_size
        pg_table_size pg_tablespace_size pg_total_relation_size
        """,
    ),
    (
        "Who may do what: a claim about a role and an object.",
        """
        has_any_column_privilege has_column_privilege has_database_privilege has_foreign_data_wrapper_privilege
        has_function_privilege has_language_privilege has_largeobject_privilege has_parameter_privilege
        has_schema_privilege has_sequence_privilege has_server_privilege has_table_privilege
        has_tablespace_privilege has_type_privilege pg_has_role
        """,
    ),
    (
        "Transactions and the log, by number.",
        """
        mxid_age
        pg_wal_summary_contents pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_xact_status txid_status
        """,
    ),
    (
        "Sequences: numbers that count calls. What they count can be seen later (`leaves_trace`).",
        """
        currval nextval
        """,
    ),
    (
        "Waiting (`leaves_trace`: a clock sees it).",
        """
        pg_sleep pg_sleep_for pg_sleep_until
        """,
    ),
    (
        "Chance, and the samplers of TABLESAMPLE.",
        """
        array_sample array_shuffle bernoulli random random_normal system uuidv7
        """,
    ),
    (
        "Dates, times and money: stable only because a time zone, a DateStyle or an lc_monetary stands in their result.",
        """
        age cash_in cash_out date date_add date_cmp_timestamptz date_eq_timestamptz date_ge_timestamptz
        date_gt_timestamptz date_in date_le_timestamptz date_lt_timestamptz date_ne_timestamptz date_out date_part
        date_subtract date_trunc extract generate_series in_range interval_in interval_out interval_pl_timestamptz
        make_timestamptz money overlaps time time_in timestamp timestamp_cmp_timestamptz timestamp_eq_timestamptz
        timestamp_ge_timestamptz timestamp_gt_timestamptz timestamp_in timestamp_le_timestamptz
        timestamp_lt_timestamptz timestamp_ne_timestamptz timestamp_out timestamptz timestamptz_cmp_date
        timestamptz_cmp_timestamp timestamptz_eq_date timestamptz_eq_timestamp timestamptz_ge_date
        timestamptz_ge_timestamp timestamptz_gt_date timestamptz_gt_timestamp timestamptz_in timestamptz_le_date
        timestamptz_le_timestamp timestamptz_lt_date timestamptz_lt_timestamp timestamptz_mi_interval
        timestamptz_ne_date timestamptz_ne_timestamp timestamptz_out timestamptz_pl_interval timetz timetz_in
        timezone
        """,
    ),
    (
        "Text: stable only because an encoding, a format or the text of another type stands in their result.",
        """
        anytextcat array_to_string bpcharrecv bpcharsend concat concat_ws convert convert_from convert_to
        cstring_recv cstring_send format length namerecv namesend numeric quote_literal quote_nullable textanycat
        textrecv textsend to_char to_date to_number to_timestamp varcharrecv varcharsend
        """,
    ),
    (
        "JSON and XML made from their arguments.",
        """
        array_to_json json_agg json_agg_strict json_build_array json_build_object json_object_agg
        json_object_agg_strict json_object_agg_unique json_object_agg_unique_strict json_populate_record
        json_populate_recordset json_to_record json_to_recordset json_to_tsvector jsonb_agg jsonb_agg_strict
        jsonb_build_array jsonb_build_object jsonb_path_exists_tz jsonb_path_match_tz jsonb_path_query_array_tz
        jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record jsonb_populate_record_valid
        jsonb_populate_recordset jsonb_to_record jsonb_to_recordset jsonb_to_tsvector row_to_json to_json to_jsonb
        xml xml_in xml_is_well_formed xml_recv xml_send
        """,
    ),
    (
        "Full text: dictionaries and parsers that an administrator installed, over their arguments.",
        """
        phraseto_tsquery plainto_tsquery to_tsquery to_tsvector ts_debug ts_headline ts_match_tq ts_match_tt
        ts_parse ts_token_type websearch_to_tsquery
        """,
    ),
    (
        "Input and output of types that names, enums and containers have.",
        """
        aclitemin aclitemout anyarray_out anyarray_send anycompatiblearray_out anycompatiblearray_send
        anycompatiblemultirange_out anycompatiblerange_out anyenum_out anymultirange_out anyrange_out array_out
        array_send enum_first enum_in enum_last enum_out enum_range enum_recv enum_send multirange_out
        multirange_send range_out range_send record_out record_send
        """,
    ),
)

# No argument, and nothing of a row in the result.
HARMLESS: tuple[tuple[str, str], ...] = (
    (
        "The clock, chance, and the ends of a transaction.",
        """
        clock_timestamp gen_random_uuid now pg_conf_load_time pg_current_snapshot pg_current_xact_id
        pg_current_xact_id_if_assigned pg_export_snapshot pg_last_committed_xact pg_last_xact_replay_timestamp
        pg_postmaster_start_time pg_prepared_xact statement_timestamp timeofday transaction_timestamp txid_current
        txid_current_if_assigned txid_current_snapshot uuidv4
        pg_stat_clear_snapshot pg_stat_force_next_flush
        """,
    ),
    (
        "Who and where the session is: the upstream login, never a client of the gate.",
        """
        current_database current_schema current_user get_current_ts_config getdatabaseencoding getpgusername
        inet_client_addr inet_client_port inet_server_addr inet_server_port lastval pg_advisory_unlock_all
        pg_backend_pid pg_client_encoding pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn
        pg_listening_channels pg_my_temp_schema pg_trigger_depth session_user system_user version
        """,
    ),
    (
        "What the server is made of, and how it runs.",
        """
        pg_available_extension_versions pg_available_extensions pg_available_wal_summaries pg_config
        pg_control_checkpoint pg_control_init pg_control_recovery pg_control_system
        pg_get_catalog_foreign_keys pg_get_keywords pg_get_loaded_modules pg_get_replication_slots
        pg_get_shmem_allocations pg_get_shmem_allocations_numa pg_get_wait_events pg_get_wal_replay_pause_state
        pg_get_wal_resource_managers pg_get_wal_summarizer_state pg_is_in_recovery pg_is_wal_replay_paused
        pg_jit_available pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_notification_queue_usage
        pg_numa_available pg_show_all_settings pg_show_replication_origin_status pg_timezone_abbrevs
        pg_timezone_abbrevs_abbrevs pg_timezone_abbrevs_zone pg_timezone_names
        """,
    ),
)
