"""What the UI shows of the batches of a run, and of one that failed."""

from __future__ import annotations

from .conftest import Project

AUDIT = "hightouch_audit/items"


def test_the_audit_shows_its_batches(project: Project) -> None:
    project.syncs.table("id integer primary key, place integer")
    project.pair.source.execute("insert into items select n, n from generate_series(1, 60) as n")
    project.pair.destination.execute("alter table items add constraint low check (place <> 17)")
    project.sync(batch_size=1)
    assert project.run().success
    found = project.metadata(AUDIT)
    records = [record.data for record in found["pgsync/sent_batches"].records]
    assert 24 <= len(records) <= 50
    assert [records[0]["batch"], records[-1]["batch"]] == [1, 60]
    (bad,) = [one for one in records if one["rejected"]]
    assert (bad["rows"], bad["try"], bad["status"]) == (1, 1, "committed")
    assert bad["seconds"] > 0
    assert "`pgsync-assets show 1 --batch 1`" in found["pgsync/commands"]
    assert "pgsync/sent_batches" not in project.metadata()


def test_a_batch_that_failed_is_named(project: Project) -> None:
    project.syncs.table("id integer primary key, place integer")
    project.pair.source.execute("insert into items values (1, 1), (2, 2), (3, 3)")
    project.pair.destination.execute("alter table items add constraint low check (place < 3)")
    project.sync(batch_size=2, max_rejected_rows=0)
    result = project.run()
    (failed,) = result.get_step_failure_events()
    told = failed.step_failure_data.user_failure_data
    assert told is not None
    assert "what was sent: pgsync-assets show 1 --batch 2" in (told.description or "")
