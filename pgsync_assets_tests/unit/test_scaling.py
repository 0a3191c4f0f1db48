"""docs/scaling.md: its model is that of the kept points, and its simulation loses no run."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from dagster._config import validate_config
from dagster._core.instance.config import dagster_instance_config_schema

from benchmarks.scaling import fit, page, points, population
from benchmarks.scaling.points import CHANGED, FIRST
from benchmarks.scaling.queueing import mean_wait, waiting_share, workers_for
from benchmarks.scaling.simulation import Outcome, Settings, Simulation, Sync, spread
from benchmarks.scaling.work import Work, asked, touched
from pgsync_assets.plan.buckets import MOST

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/scaling.md"
HOUR = 3600.0
POINTS = points.load()


def test_the_kept_figures_are_those_of_the_kept_points() -> None:
    kept, again = fit.kept(), fit.fit(POINTS)
    assert kept.keys() == again.keys()
    for family, outputs in again.items():
        assert kept[family].keys() == outputs.keys()
        for output, figures in outputs.items():
            assert kept[family][output] == pytest.approx(figures, rel=1e-3), (family, output)


def test_what_is_held_out_is_larger_than_all_that_is_fitted() -> None:
    for table, rows in fit.HELD_OUT.items():
        mine = [one for one in POINTS if one.table == table and one.audit == fit.AUDIT_FREE]
        assert max(one.rows for one in mine if not fit.is_held_out(one)) < rows
    assert any(fit.is_held_out(one) for one in POINTS)


@pytest.mark.parametrize(
    ("case", "output", "most"),
    [
        (FIRST, "state", 0.02),
        (FIRST, "source_wal", 0.02),
        (FIRST, "destination_wal", 0.02),
        (FIRST, "platform_wal", 0.02),
        (FIRST, "wire", 0.1),
        (CHANGED, "state", 0.02),
        (CHANGED, "wire", 0.05),
    ],
)
def test_bytes_of_larger_tables_are_told_within_a_few_percent(
    case: str, output: str, most: float
) -> None:
    found = fit.errors(POINTS, fit.kept())
    off = [one for of, each in found.items() if of[1:] == (case, output) for one in each]
    assert off
    assert max(map(abs, off)) < most


def test_no_part_of_a_cost_is_below_zero() -> None:
    for outputs in fit.kept().values():
        for figures in outputs.values():
            assert all(one > 0 for one in figures.values())


def test_a_cost_grows_with_rows_and_with_changes() -> None:
    figures = fit.kept()
    for engine in ("lightning", "digest", "standard"):
        costs = [
            sum(fit.predicted(Work(engine, CHANGED, rows, changed, 205.0, 8.0), figures).values())
            for rows, changed in ((10**6, 0), (10**6, 10**4), (10**7, 10**5), (10**9, 10**7))
        ]
        assert costs == sorted(costs)


def test_keys_travel_of_the_buckets_that_differ_only() -> None:
    def of(rows: int, changed: int, *, is_partition: bool = False) -> float:
        work = Work("standard", CHANGED, rows, changed, 205.0, 8.0, is_partition=is_partition)
        return asked(work)

    assert of(10**6, 0) == 0
    assert of(10**6, 0, is_partition=True) == 10**6
    assert of(99_999, 0) == 99_999
    assert of(10**6, 10**5) == 10**6  # more than is worth it
    assert 0.1 < of(10**6, 10**4) / 10**6 < 0.2  # "a seventh", as the product says
    assert of(10**9, MOST) == 10**9  # most of the buckets differ


def test_pages_are_touched_once() -> None:
    assert touched(Work("digest", CHANGED, 1000, 1, 81.92, 8.0)) == 8192
    assert touched(Work("digest", CHANGED, 1000, 1000, 81.92, 8.0)) == 10 * 8192


def test_every_table_of_the_page_has_its_place() -> None:
    with pytest.raises(ValueError, match="no place for"):
        page.filled("# A page")


def syncs(seed: int, count: int = 300) -> list[Sync]:
    chosen = random.Random(seed)  # noqa: S311 - no secret
    return [
        Sync(
            chosen.randrange(3),
            chosen.randrange(10),
            chosen.choice([600.0, HOUR]),
            0.0,
            chosen.expovariate(1 / 60),
            (3, 1, 1),
            (2, 1, 0),
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("settings", [Settings(8, 2, 0.1), Settings(40, 4, 0.0), Settings(1, 1, 1)])
def test_no_run_is_lost_and_no_limit_passed(seed: int, settings: Settings) -> None:
    for plan in (syncs(seed), spread(syncs(seed), seed)):
        outcome = Watched(plan, settings, 2 * HOUR).run()
        arrivals = sum(len(range(int(one.phase), int(2 * HOUR), int(one.every))) for one in plan)
        assert abs(outcome.asked - arrivals) <= len(plan)  # phases are no whole seconds
        assert outcome.asked == outcome.left_out + outcome.ended
        assert outcome.ended == len(outcome.waits)
        assert outcome.most["runs"] <= settings.workers
        assert max(n for name, n in outcome.most.items() if "runs to" in name) <= settings.slots
        assert min(outcome.waits) >= 0


class Watched(Simulation):
    """Nothing is left open at its end."""

    def run(self) -> Outcome:
        outcome = super().run()
        assert self._open.total() == 0 if hasattr(Counter, "total") else not +self._open
        assert not any(self._waiting.values())
        assert not self._under_way
        return outcome


def test_the_same_seed_gives_the_same_hours() -> None:
    one, two = (Simulation(spread(syncs(1), 2), Settings(8, 2, 0.1), HOUR).run() for _ in range(2))
    assert one == two
    assert population.members(3, 50) == population.members(3, 50) != population.members(4, 50)


def test_runs_of_one_destination_begin_in_the_order_in_which_they_were_asked_for() -> None:
    plan = [Sync(0, 0, HOUR, phase, 100.0, (1, 1, 1), (1, 1, 1)) for phase in (0.0, 1.0, 2.0)]
    assert Simulation(plan, Settings(9, 1, 0.0), HOUR).run().waits == [0.0, 99.0, 198.0]


def test_a_full_destination_keeps_nobody_else_waiting() -> None:
    plan = [Sync(0, 0, HOUR, 0.0, 100.0, (1, 1, 1), (1, 1, 1)) for _ in range(5)]
    plan.append(Sync(0, 1, HOUR, 1.0, 100.0, (1, 1, 1), (1, 1, 1)))
    assert sorted(Simulation(plan, Settings(9, 1, 0.0), HOUR).run().waits)[:2] == [0.0, 0.0]


def test_a_sync_whose_last_run_has_not_ended_is_left_out() -> None:
    plan = [Sync(0, 0, 600.0, 0.0, 700.0, (1, 1, 1), (1, 1, 1))]
    outcome = Simulation(plan, Settings(9, 9, 0.0), HOUR).run()
    assert (outcome.asked, outcome.left_out, outcome.ended) == (6, 3, 3)


def test_the_formula_of_erlang() -> None:
    assert waiting_share(1.0, 2) == pytest.approx(1 / 3)
    assert waiting_share(2.0, 2) == 1.0
    assert mean_wait(0.5, 1.0, 1) == pytest.approx(1.0)  # one server: load / (1 - load) x seconds
    assert mean_wait(2.0, 1.0, 2) == float("inf")
    needed = workers_for(3.0, 16.0, 5.0)
    assert mean_wait(3.0, 16.0, needed) <= 5.0 < mean_wait(3.0, 16.0, needed - 1)


def test_the_settings_that_are_recommended_are_those_of_dagster() -> None:
    (shown,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    written = yaml.safe_load((ROOT / "dagster.yaml").read_text()) | yaml.safe_load(shown)
    found = validate_config(dagster_instance_config_schema(), written)
    assert found.success, found.errors
