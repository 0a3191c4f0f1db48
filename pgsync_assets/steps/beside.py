"""One more session on the planner's database, for what goes on beside a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..connect import Session
from .work import Work


@contextmanager
def beside(work: Work, what: str) -> Iterator[Session]:
    """A session of the run, for the length of the block.

    Args:
        work: the run.
        what: it does, for `application_name`.

    Raises:
        PgsyncError: there is none to be had.
    """
    with work.home.session(f"{work.planner.session.application_name} {what}") as session:
        session.run = work.planner.session.run
        yield session
