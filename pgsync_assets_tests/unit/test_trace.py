"""The trace of what is sent: what it takes note of, and where it stops."""

from __future__ import annotations

import pytest

from pgsync_assets.errors import ConnectionLost, Contention
from pgsync_assets.sql import statement
from pgsync_assets.write import Trace, TracedBatch
from pgsync_assets.write import trace as limits
from pgsync_assets.write.trace import shape


@pytest.fixture
def ended() -> list[TracedBatch]:
    return []


@pytest.fixture
def trace(ended: list[TracedBatch]) -> Trace:
    return Trace(ended.append)


def send(trace: Trace, *actions: str) -> None:
    for action in actions:
        with trace.step(action, b"SELECT"):
            pass


def test_a_batch_and_its_parts(trace: Trace, ended: list[TracedBatch]) -> None:
    with trace.batch(3, 10, 20):
        trace.travel(9, 2)
        send(trace, "stage")
        with trace.part(10, 15):
            with trace.step("write", b"INSERT") as step:
                step.bytes = 7
            assert trace.counted(5) == 5
        send(trace, "release")
        trace.commit(1)
    (batch,) = ended
    assert (batch.number, batch.status, batch.error) == (3, "committed", None)
    assert (batch.rows, batch.removals, batch.rejected, batch.bytes) == (9, 2, 1, 7)
    assert [(one.action, one.first, one.last, one.rows) for one in batch.steps] == [
        ("stage", 10, 20, None),
        ("write", 10, 15, 5),
        ("release", 10, 20, None),
        ("commit", 10, 20, None),
    ]
    assert 0 <= batch.steps[1].seconds <= batch.seconds


def test_a_batch_that_fails_is_rolled_back(trace: Trace, ended: list[TracedBatch]) -> None:
    lock = Contention("crm: writing batch 1: lock timeout")
    lock.sqlstate = "55P03"
    with pytest.raises(Contention), trace.batch(1, 0, 10), trace.step("write", b"INSERT"):
        raise lock
    (batch,) = ended
    assert (batch.status, batch.sqlstate, batch.error) == ("rolled_back", "55P03", lock.message)
    assert (batch.steps[0].sqlstate, batch.steps[0].error) == ("55P03", lock.message)


def test_a_commit_without_an_answer_is_unknown(trace: Trace, ended: list[TracedBatch]) -> None:
    def lost() -> None:
        with trace.batch(1, 0, 10):
            trace.commit(0)
            raise ConnectionLost("crm: writing batch 1: the connection was lost")

    with pytest.raises(ConnectionLost):
        lost()
    assert ended[0].status == "unknown"
    assert ended[0].steps[-1].error is not None
    with pytest.raises(KeyboardInterrupt), trace.batch(2, 10, 20):
        raise KeyboardInterrupt
    assert (ended[1].status, ended[1].error) == ("rolled_back", "KeyboardInterrupt")


def test_more_statements_are_counted_only(
    trace: Trace, ended: list[TracedBatch], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "KEPT_OF_BATCH", 3)
    with trace.batch(1, 0, 10):
        send(trace, *"abcde")
    assert [one.action for one in ended[0].steps] == ["a", "b", "c"]
    assert ended[0].statements == 5


def test_batches_that_went_well_leave_room_for_others(
    ended: list[TracedBatch], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "KEPT_OF_RUN", 5)
    trace = Trace(ended.append)
    for number in (1, 2, 3):
        with trace.batch(number, 0, 10):
            send(trace, *"abc")
    with trace.batch(4, 0, 10):
        send(trace, *"abc")
        trace.refused("a CHECK constraint is not fulfilled")
    assert [len(one.steps) for one in ended] == [3, 2, 0, 3]
    assert {one.statements for one in ended} == {3}


def test_nobody_is_told(ended: list[TracedBatch]) -> None:
    trace = Trace()
    with trace.batch(1, 0, 10):
        send(trace, "write")
        trace.commit(0)
    assert ended == []


def test_parameters_are_names() -> None:
    claim = shape(statement("pgsync_assets.write", "ledger_advance.sql", ledger="100%")).decode()
    assert 'UPDATE "100%".pgsync_ledger' in claim
    assert "SET batch = :'batch'::bigint" in claim
    assert "%(" not in claim
