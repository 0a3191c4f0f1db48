"""What `doctor` says of packages: what is too old is told, and what nobody asked for is not."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

import pytest

from pgsync_assets.check_result import CheckResult
from pgsync_assets.steps import machine
from pgsync_assets.steps.lines import Lines


def packages(
    monkeypatch: pytest.MonkeyPatch, others: Mapping[str, str | None]
) -> dict[str, CheckResult]:
    """The lines, with other versions than are here; None: not installed."""

    def found(name: str) -> str:
        if name not in others:
            return version(name)
        told = others[name]
        if told is None:
            raise PackageNotFoundError(name)
        return told

    monkeypatch.setattr(machine, "version", found)
    lines = Lines()
    machine.look_at_machine(lines)
    return {one.name: one for one in lines.results}


def test_an_extra_that_is_not_there_is_no_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    line = packages(monkeypatch, {"slack-sdk": None, "dagster-msteams": None})["optional packages"]
    assert line.state == "ok"
    assert "alerts" not in line.detail
    assert "parquet" in line.detail


def test_an_extra_that_is_too_old_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    line = packages(monkeypatch, {"slack-sdk": "1.0"})["optional packages"]
    assert line.state == "warning"
    assert "alerts: slack-sdk 1.0 is installed, >=3.27 is needed" in line.detail


@pytest.mark.parametrize(
    ("there", "said"), [("2.9", "pyyaml 2.9 is installed"), (None, "pyyaml is not installed")]
)
def test_what_everything_needs(
    monkeypatch: pytest.MonkeyPatch, there: str | None, said: str
) -> None:
    line = packages(monkeypatch, {"pyyaml": there})["packages"]
    assert line.state == "failed"
    assert said in line.detail
