"""Our errors as Dagster understands them: the type says whether the step is tried again."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import dagster as dg

from ..errors import AlreadyRunning, GuardError, PgsyncError, TransientError
from .held import guard_metadata
from .metadata import Metadata

MAX_RETRIES = 3
FIRST_WAIT_S = 5.0


@contextmanager
def told_to_dagster(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> Iterator[None]:
    """Turns errors of ours that leave the block into Dagster's.

    A transient error asks for the step again, with a longer wait each time; every other one fails
    it for good. Nothing is chained: Dagster would store the cause with its text, and an error of
    the driver carries values of rows.

    Args:
        context: of the step.

    Raises:
        RetryRequested: the same again may work, and there are tries left.
        Failure: it will not, or it was tried often enough.
        AlreadyRunning: passed on as it is.
    """
    try:
        yield
    except AlreadyRunning:
        raise
    except TransientError as error:
        tries = context.retry_number
        if tries < MAX_RETRIES:
            wait_s = _wait_s(tries)
            context.log.warning(
                f"{error}\nThe step is tried again in {wait_s:.0f} s: {tries + 1} of {MAX_RETRIES}."
            )
            raise dg.RetryRequested(MAX_RETRIES, wait_s) from None
        raise failure(error) from None
    except PgsyncError as error:
        raise failure(error) from None
    except Exception as error:
        if _is_of_driver(error):
            raise _untranslated(error) from None
        raise


def failure(error: PgsyncError) -> dg.Failure:
    """The end of a step: what is wrong and what to do about it, without another try.

    Args:
        error: its message and remedy carry neither secrets nor values of rows.
    """
    metadata: Metadata = {"pgsync/error": type(error).__name__}
    if error.remedy:
        metadata["pgsync/remedy"] = error.remedy
    if isinstance(error, GuardError):
        metadata |= guard_metadata(error)
    return dg.Failure(description=str(error), metadata=metadata, allow_retries=False)


def failed_tick(errors: Sequence[PgsyncError]) -> dg.Failure:
    """The end of a sensor's tick in which something could not be looked at.

    Args:
        errors: at least one.
    """
    if len(errors) == 1:
        return failure(errors[0])
    return dg.Failure(description="\n".join(map(str, errors)), allow_retries=False)


def _wait_s(tries: int) -> float:
    """5, 10, 20 seconds and up to a half more, so that runs do not come back all at once."""
    return FIRST_WAIT_S * (1 << tries) * (1 + random.random() / 2)  # noqa: S311 (not for secrets)


def _is_of_driver(error: Exception) -> bool:
    return type(error).__module__.split(".")[0] == "psycopg"


def _untranslated(error: Exception) -> dg.Failure:
    """A defect of ours: nobody translated this error. Its text stays here, it may hold values."""
    state = getattr(error, "sqlstate", None)
    return dg.Failure(
        description=f"PostgreSQL refused a statement (SQLSTATE {state}) where nobody expected it; "
        "please report this",
        metadata={"pgsync/error": type(error).__name__, "pgsync/sqlstate": str(state)},
        allow_retries=False,
    )
