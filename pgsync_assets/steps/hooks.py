"""Statements of the sync's owner, at the destination, in transactions of their own."""

from __future__ import annotations

from collections.abc import Sequence

from ..failpoints import failpoint
from ..write import Trace
from .work import Work


def run_hooks(
    work: Work, when: str, statements: Sequence[str], trace: Trace, batch: int, row: int
) -> None:
    """Runs the statements of one list together: all of them are in, or none is.

    They may run again where a run is interrupted behind them: at least once, not exactly once.

    Args:
        work: the run; as its role at the destination, with the connection's search_path.
        when: `before` or `after`, for messages.
        statements: one SQL statement each.
        trace: is told of them.
        batch: the number that they have there.
        row: of the plan, up to which rows are in.

    Raises:
        TerminalError: a statement failed; none of them is in.
        TransientError: the same again may work.
    """
    if not statements:
        return
    with (
        trace.batch(batch, row, row),
        work.ledger.session.transaction(f"hooks.{when}") as connection,
    ):
        for statement in statements:
            text = statement.encode()
            with trace.step(f"hooks.{when}", text):
                # binary=True asks for the extended protocol: one statement only, whatever it says.
                connection.execute(text, binary=True)
        trace.commit(0)
    failpoint(f"hooks {when}")
