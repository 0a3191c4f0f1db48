"""Our errors as Dagster's: what is tried again, and what nobody may read in them."""

from pathlib import Path

import dagster as dg
import psycopg
import pytest

from pgsync_assets import errors
from pgsync_assets.assets.failures import MAX_RETRIES, told_to_dagster

TERMINAL = [
    errors.ConfigurationError,
    errors.GuardError,
    errors.AuthenticationError,
    errors.FencedOff,
    errors.UnexpectedError,
]
TRANSIENT = [errors.ConnectionLost, errors.Contention, errors.OutOfResources]


def run(error: Exception) -> dg.ExecuteInProcessResult:
    """Runs one step that fails so."""

    @dg.asset
    def orders(context: dg.AssetExecutionContext) -> None:
        with told_to_dagster(context):
            raise error from ValueError("Failing row contains (secret)")

    return dg.materialize([orders], raise_on_error=False)


def logged(result: dg.ExecuteInProcessResult) -> str:
    return "\n".join(str(event) for event in result.all_events)


@pytest.mark.parametrize("kind", TERMINAL)
def test_a_terminal_error_fails_the_step_at_once(kind: type[errors.PgsyncError]) -> None:
    result = run(kind("the table is missing", "create it"))
    (failed,) = result.filter_events(lambda event: event.is_step_failure)
    told = failed.step_failure_data.user_failure_data
    assert told is not None
    assert told.description == "the table is missing\n  -> create it"
    assert told.metadata["pgsync/error"].value == kind.__name__
    assert "secret" not in logged(result)


@pytest.mark.parametrize("kind", TRANSIENT)
def test_a_transient_error_asks_for_another_try(
    kind: type[errors.PgsyncError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgsync_assets.assets.failures.FIRST_WAIT_S", 0.01)
    result = run(kind("the server went away"))
    tries = result.filter_events(lambda event: event.event_type_value == "STEP_UP_FOR_RETRY")
    assert len(tries) == MAX_RETRIES
    (failed,) = result.filter_events(lambda event: event.is_step_failure)
    told = failed.step_failure_data.user_failure_data
    assert told is not None
    assert told.description == "the server went away"
    assert "secret" not in logged(result)


def test_an_error_of_the_driver_that_nobody_translated_shows_no_row() -> None:
    result = run(psycopg.errors.CheckViolation("Failing row contains (secret)"))
    assert not result.success
    assert "23514" in logged(result)
    assert "secret" not in logged(result)


def test_an_error_of_python_stays_what_it_is() -> None:
    result = run(ZeroDivisionError("by zero"))
    assert not result.success
    assert "ZeroDivisionError: by zero" in logged(result)
    assert Path(__file__).name in logged(result)
