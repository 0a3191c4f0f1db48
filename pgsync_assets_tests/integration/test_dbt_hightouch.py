"""The public dbt package for Hightouch's audit finds in ours every table and column that it reads.

What it reads is listed by hand from github.com/hightouchio/dbt-hightouch, commit
ee17ad53df4c5cd74f8af5658e1bccfa2ab990d5: `models/staging/*.sql`, and `src_hightouch_audit.yml`.
"""

from __future__ import annotations

from ..fix_syncs import Syncs

ROW = {
    "sync_id": "text",
    "sync_run_id": "bigint",
    "row_id": "text",
    "op_type": "text",
    "status": "text",
    "failure_reason": "text",
    "fields": "jsonb",  # an object: flattened by key where the warehouse can
}
READ = {
    "sync_changelog": ROW,
    "sync_snapshot": ROW,
    "sync_runs": {
        "sync_id": "text",
        "sync_run_id": "bigint",  # joined with that of the changelog, and ordered by
        "primary_key": "text",
        "destination": "text",
        "model_name": "text",
        "error": "text",
        "status": "text",
        "started_at": "timestamp with time zone",  # their difference in seconds is taken
        "finished_at": "timestamp with time zone",
        **{
            f"num_{what}_{verb}": "bigint"  # added up
            for what in ("planned", "attempted", "succeeded", "failed")
            for verb in ("add", "change", "remove")
        },
    },
}
FOUND = """
    select attname, format_type(atttypid, null) from pg_attribute
    where attrelid = 'hightouch_audit.{table}'::regclass and attnum > 0 and not attisdropped
"""
# What its models compare the texts with.
WORDS = """
    select array_agg(distinct op_type), array_agg(distinct log.status),
        array_agg(distinct run.status), count(*) filter (where failure_reason is not null),
        bool_and(jsonb_typeof(fields) = 'object')
    from hightouch_audit.sync_changelog as log join hightouch_audit.sync_runs as run
        using (sync_id, sync_run_id)
"""


def test_what_the_dbt_package_reads_is_there(syncs: Syncs) -> None:
    syncs.table("id int primary key, name text check (name <> 'bad')")
    syncs.pair.source.execute("alter table items drop constraint items_name_check")
    syncs.pair.source.execute("insert into items values (1, 'a'), (2, 'b'), (3, 'bad')")
    syncs.run(audit="full", delete="delete_row")
    syncs.pair.source.execute("delete from items where id = 1", "update items set name = 'c'")
    syncs.run(audit="full", delete="delete_row")
    for table, columns in READ.items():
        found = dict(syncs.keeper.rows(FOUND.format(table=table)))
        assert {name: found.get(name) for name in columns} == columns, table
    ((operations, statuses, ended, reasons, are_objects),) = syncs.keeper.rows(WORDS)
    assert operations == ["added", "changed", "removed"]
    assert (statuses, ended) == (["failed", "succeeded"], ["succeeded"])
    assert (reasons, are_objects) == (1, True)
