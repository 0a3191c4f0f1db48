"""The spool holds rows in a file: memory stays flat, any range is found again, batches are cut."""

from __future__ import annotations

import tracemalloc

import pytest

from pgsync_assets.delivery.spool import Spool

MEBIBYTE = 2**20


def test_memory_stays_flat_while_rows_are_spooled_and_read() -> None:
    tracemalloc.start()
    with Spool(10_000, 128 * MEBIBYTE) as spool:
        for number in range(1, 20_001):
            spool.add(b"%d\t" % number + b"x" * 500)
        assert sum(1 for _ in spool.lines(0, spool.count)) == 20_000
        _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MEBIBYTE  # of 10 MiB of rows


@pytest.mark.parametrize("first", [0, 1, 998, 999, 1000, 1001, 2345])
def test_any_range_is_found_again_without_refused_rows(first: int) -> None:
    with Spool(100, MEBIBYTE) as spool:
        for number in range(1, 2501):
            spool.add(b"%d" % number)
        for row in (2000, 1000, 1001):
            spool.refuse(row, "why", "price")
        found = [(number, int(line)) for number, line in spool.lines(first, first + 150)]
        last = min(first + 150, 2500)
        wanted = [n for n in range(first + 1, last + 1) if n not in (1000, 1001, 2000)]
        assert found == [(n, n) for n in wanted]
        refused = [reject.plan_row for reject in spool.refused(first, last)]
        assert sorted(wanted + refused) == list(range(first + 1, last + 1))


def test_batches_end_after_rows_or_bytes() -> None:
    with Spool(3, 10) as spool:
        for size in (1, 1, 1, 1, 20, 1, 9, 1, 1):
            spool.add(b"x" * size)
        assert spool.batch_ends == (3, 5, 7, 9)
    with Spool(3, 10) as spool:
        assert spool.batch_ends == ()
