-- A relation that rows are written to or through, and what a role meets there. Of rules, those that
-- always do something instead hide what happens to a row; of a view, its query says what it shows.
SELECT
    owner.nspname,
    c.relname,
    CASE
        WHEN c.relkind = 'p' AND EXISTS (
            SELECT
            FROM pg_catalog.pg_partition_tree(c.oid) AS part
            JOIN pg_catalog.pg_class AS leaf ON leaf.oid = part.relid
            WHERE leaf.relkind = 'f'
        ) THEN 'f'
        ELSE c.relkind
    END AS kind,
    has_table_privilege(role.oid, c.oid, 'DELETE') AS may_delete,
    c.relrowsecurity
    AND NOT (
        role.rolsuper
        OR role.rolbypassrls
        OR (NOT c.relforcerowsecurity AND pg_has_role(role.oid, c.relowner, 'USAGE'))
    ) AS has_row_security,
    -- A table takes everything, and the function would wait for whoever has locked it.
    CASE WHEN c.relkind IN ('r', 'p') THEN 28 ELSE pg_relation_is_updatable(c.oid, false) END
        AS takes_by_itself,
    CASE WHEN c.relkind IN ('r', 'p') THEN 28 ELSE pg_relation_is_updatable(c.oid, true) END
        AS takes,
    EXISTS (
        SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = c.oid AND (t.tgtype & 64) <> 0
    ) AS has_instead_of,
    EXISTS (
        SELECT FROM pg_catalog.pg_rewrite AS rule WHERE rule.ev_class = c.oid AND rule.ev_type <> '1'
    ) AS has_rules,
    coalesce((
        SELECT sum(DISTINCT 1 << rule.ev_type::text::integer)
        FROM pg_catalog.pg_rewrite AS rule
        WHERE rule.ev_class = c.oid
            AND rule.ev_type <> '1'
            AND rule.ev_enabled <> 'D'
            AND rule.is_instead
            AND rule.ev_qual::text = '<>'
    ), 0)::integer AS replaced,
    (
        SELECT option.option_value
        FROM pg_options_to_table(c.reloptions) AS option
        WHERE c.relkind = 'v' AND option.option_name = 'check_option'
    ) AS check_option,
    CASE
        WHEN EXISTS (
            SELECT
            FROM pg_options_to_table(c.reloptions) AS option
            WHERE c.relkind = 'v'
                AND option.option_name = 'security_invoker'
                AND option.option_value::boolean
        ) THEN current_user
        ELSE pg_get_userbyid(c.relowner)
    END AS reaches_on_as,
    (
        SELECT rule.ev_action::text
        FROM pg_catalog.pg_rewrite AS rule
        WHERE rule.ev_class = c.oid AND rule.ev_type = '1' AND c.relkind = 'v'
    ) AS query,
    (
        -- By INHERITS; the chunks of TimescaleDB, which are such, have the unique index each and get
        -- every row from it.
        SELECT min(heir.oid::regclass::text)
        FROM pg_catalog.pg_inherits AS child
        JOIN pg_catalog.pg_class AS heir ON heir.oid = child.inhrelid
        JOIN pg_catalog.pg_namespace AS place ON place.oid = heir.relnamespace
        WHERE child.inhparent = c.oid
            AND c.relkind = 'r'
            AND place.nspname <> '_timescaledb_internal'
    ) AS child
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS owner ON owner.oid = c.relnamespace
JOIN pg_catalog.pg_roles AS role ON role.rolname = :'role'
WHERE c.oid = :'relation'::oid;
