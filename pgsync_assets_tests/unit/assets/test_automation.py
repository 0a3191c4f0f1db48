"""`after_upstream`: once for each time that upstream was made, and its blocking checks passed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import pytest

from pgsync_assets import after_upstream

BUILT, MODEL, SENT = (dg.AssetKey(name) for name in ("built", "model", "sent"))
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass
class Upstream:
    """An asset that is made as dbt makes one: first the table, then its tests."""

    instance: dg.DagsterInstance
    checks: dict[str, bool | None] = field(default_factory=lambda: {"hard": True, "soft": True})
    meanwhile: Callable[[], object] = lambda: None
    cursor: Any = None

    def __post_init__(self) -> None:
        @dg.multi_asset(
            specs=[dg.AssetSpec(BUILT)],
            check_specs=[
                dg.AssetCheckSpec(name, asset=BUILT, blocking=name == "hard")
                for name in self.checks
            ],
            can_subset=True,
        )
        def built() -> Iterator[Any]:
            yield dg.Output(None, "built")
            self.meanwhile()
            for name, passed in self.checks.items():
                if passed is not None:
                    yield dg.AssetCheckResult(asset_key=BUILT, check_name=name, passed=passed)
            if False in self.checks.values():
                raise dg.Failure("a test failed")

        parts = dg.StaticPartitionsDefinition(["a", "b"])
        condition = after_upstream()
        self.definitions = dg.Definitions(
            assets=[
                built,
                _made(dg.AssetSpec(MODEL, deps=[BUILT], automation_condition=condition)),
                _made(dg.AssetSpec(SENT, deps=[MODEL], automation_condition=condition)),
                _made(
                    dg.AssetSpec(
                        "parts", deps=[MODEL], automation_condition=condition, partitions_def=parts
                    )
                ),
            ],
            executor=dg.in_process_executor,
        )

    def make_model(self) -> None:
        """Runs the model alone."""
        job = self.definitions.resolve_implicit_global_asset_job_def()
        job.execute_in_process(instance=self.instance, asset_selection=[MODEL], run_config=QUIET)

    def make(self, **checks: bool | None) -> None:
        """Makes it; None is a check that is left out."""
        self.checks |= checks
        job = self.definitions.resolve_implicit_global_asset_job_def()
        chosen = [
            dg.AssetCheckKey(BUILT, name) for name, one in self.checks.items() if one is not None
        ]
        job.get_subset(asset_selection={BUILT}, asset_check_selection={*chosen}).execute_in_process(
            instance=self.instance, raise_on_error=False, run_config=QUIET
        )

    def requested(self) -> dict[str, int]:
        """One tick: what is requested, and how many partitions of it."""
        found = dg.evaluate_automation_conditions(
            defs=self.definitions, instance=self.instance, cursor=self.cursor
        )
        self.cursor = found.cursor
        keys = (MODEL, SENT, dg.AssetKey("parts"))
        every = {key.to_user_string(): found.get_num_requested(key) for key in keys}
        return {name: number for name, number in every.items() if number}


def _made(spec: dg.AssetSpec) -> dg.AssetsDefinition:
    @dg.multi_asset(name=spec.key.to_python_identifier(), specs=[spec])
    def made() -> None:
        return None

    return made


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """It was made once, with checks that passed, and that was seen."""
    with dg.DagsterInstance.ephemeral() as instance:
        found = Upstream(instance)
        assert found.requested() == {}
        found.make()
        assert found.requested() == ALL
        assert found.requested() == {}
        yield found


ALL = {"model": 1, "sent": 1}


def test_by_what_the_checks_say(upstream: Upstream) -> None:
    """A failed one, one that was left out (`dbt run`), one that only warns; each mended after."""
    for checks, requested in (
        ({"hard": False, "soft": True}, {}),
        ({"hard": True, "soft": False}, ALL),
        ({"hard": None, "soft": None}, {}),
        ({"hard": True, "soft": True}, ALL),
    ):
        upstream.make(**checks)
        assert upstream.requested() == requested
        assert upstream.requested() == {}


def test_not_before_the_checks_have_ended(upstream: Upstream) -> None:
    seen: list[dict[str, int]] = []
    upstream.meanwhile = lambda: seen.append(upstream.requested())
    upstream.make()
    assert seen == [{}]
    assert upstream.requested() == ALL
    upstream.make_model()
    assert upstream.requested() == {"parts": 2}  # which cannot be in one run with the model
