-- Powers for which the gate would not start with a login: given when it runs already, as if an administrator had been tricked.
grant pg_read_server_files, pg_write_server_files, pg_execute_server_program, pg_read_all_data, pg_monitor, shop_privacy
    to shop_support;
