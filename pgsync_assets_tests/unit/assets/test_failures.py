"""Our errors as Dagster's: what is tried again, and what nobody may read in them."""

from pathlib import Path

import dagster as dg
import psycopg
import pytest
import yaml

from pgsync_assets import errors
from pgsync_assets.assets.failures import MAX_RETRIES, told_to_dagster
from pgsync_assets.connect import retry

# What each class of the tree means to Dagster: decided here, for every one of them.
TERMINAL = [
    errors.AuthenticationError,
    errors.CertificateError,
    errors.ConfigurationError,
    errors.DestinationError,
    errors.EmbeddedError,
    errors.FencedOff,
    errors.GuardError,
    errors.HistoryError,
    errors.InvalidKeysError,
    errors.ModelError,
    errors.OtherRows,
    errors.PrivilegeError,
    errors.SchemaVersionError,
    errors.StalePlan,
    errors.StatementTimeout,
    errors.TerminalError,
    errors.TooManyRejectedRows,
    errors.UnexpectedError,
    errors.UnfinishedRun,
]
TRANSIENT = [
    errors.ConnectionLost,
    errors.Contention,
    errors.OutOfResources,
    errors.TransientError,
]
PASSED_ON = [errors.AlreadyRunning]  # the step ends well
NEVER_SEEN = [errors.PgsyncError, errors.RowRefused]  # the root, and what stays in the writer


def test_every_class_of_errors_is_decided() -> None:
    defined = {kind for kind in vars(errors).values() if isinstance(kind, type)}
    ours = {kind for kind in defined if issubclass(kind, errors.PgsyncError)}
    assert ours == {*TERMINAL, *TRANSIENT, *PASSED_ON, *NEVER_SEEN}
    assert {kind for kind in ours if issubclass(kind, errors.TransientError)} == {*TRANSIENT}


def test_a_run_that_does_nothing_is_no_failure() -> None:
    with pytest.raises(errors.AlreadyRunning), told_to_dagster(dg.build_asset_context()):
        raise errors.AlreadyRunning("another run of it is under way")


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
    waits = [event.step_retry_data.seconds_to_wait for event in tries]
    assert all(wait and wait > 0 for wait in waits)
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


def test_a_run_that_failed_is_not_tried_again_as_a_whole() -> None:
    """Its steps were: only a run whose process died is, and once."""
    settings = yaml.safe_load((Path(__file__).parents[3] / "dagster.yaml").read_text())
    retries = settings["run_retries"]
    assert (retries["retry_on_asset_or_op_failure"], retries["max_retries"]) == (False, 1)
    assert settings["python_logs"]["managed_python_loggers"] == [retry.__name__]
