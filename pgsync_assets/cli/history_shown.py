"""The history of a row as text: its versions, how it stands, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table

from ..config import SyncConfig
from ..record import RowHistory, Version
from ..steps.row_now import RowNow
from .outcomes import shown_value, value_difference
from .terminal import Terminal, counted, table

TRIED = {"succeeded": "", "failed": ", refused", "aborted": ", not tried"}
LOGGED = {
    "off": "nothing is logged of its rows (`audit: off`)",
    "failures_only": "only rows that are refused are logged (`audit: failures_only`)",
}


def show_history(
    terminal: Terminal,
    sync: SyncConfig,
    histories: Sequence[RowHistory],
    versions: Sequence[tuple[str, Version]],
    notes: Sequence[str],
) -> None:
    """Prints what is known of a row.

    Args:
        terminal: where to.
        sync: whose row it is.
        histories: what each database knows; the one that has the sync's state first.
        versions: those of all databases, with the name of each.
        notes: what could not be asked.
    """
    if not histories:
        terminal.say(f"{sync.name} has not run yet", *notes)
        return
    here = histories[0]
    key = ", ".join(f"{name} = {shown_value(text)}" for name, text in here.key.items())
    terminal.say(f"{sync.name}, row {key}")
    if versions:
        terminal.say("")
        names = {one.connection for one in histories}
        terminal.show(_table(sync, versions, with_name=len(names) > 1))
    earlier = sum(one.earlier for one in histories)
    if earlier:
        terminal.say(f"and {counted(earlier, 'earlier version')} (--limit)")
    terminal.say("", *_standing(sync, here), *_not_known(sync, here), *notes)


def _table(sync: SyncConfig, versions: Sequence[tuple[str, Version]], *, with_name: bool) -> Table:
    has_values = any(version.has_values for _, version in versions)
    columns = ("column", "before -> after") if has_values else ("batch", "reason")
    lines = _with_values if has_values else _without_values
    return table(
        *("run", "when", "what"),
        *columns,
        rows=[
            cells
            for name, version in versions
            for cells in lines(version, _what(sync, name if with_name else "", version))
        ],
        numbers=("run", "batch"),
    )


def _what(sync: SyncConfig, connection: str, version: Version) -> str:
    """`changed, refused`, and where, if that is somewhere else."""
    where = [connection] if connection else []
    where += [version.partition] if version.partition else []
    where += [version.sync] if version.sync != sync.name else []
    told = f" ({', '.join(where)})" if where else ""
    return f"{version.operation}{TRIED[version.status]}{told}"


def _head(version: Version) -> tuple[str, str]:
    when = f"{version.at.astimezone():%Y-%m-%d %H:%M:%S}" if version.at else ""
    return str(version.run_id), when


def _without_values(version: Version, what: str) -> Iterator[tuple[str, ...]]:
    batch = str(version.batch) if version.batch else ""
    yield (*_head(version), what, batch, version.reason or "")


def _with_values(version: Version, what: str) -> Iterator[tuple[str, ...]]:
    change = version.change("")
    first = (*_head(version), what)
    for column, old, new in change.cells():
        yield (*first, column, value_difference(change, old, new))
        first = ("", "", "")
    if version.reason:
        yield (*first, "", version.reason)
        first = ("", "", "")
    if first[0]:
        same = version.before is not None and version.after is not None
        yield (*first, "", "sent again, as it was" if same else "")


def _standing(sync: SyncConfig, here: RowHistory) -> Iterator[str]:
    for row in here.refused:
        tries = f"{counted(row.attempts, 'attempt')} since run {row.first_run}"
        yield f"The destination refuses it: {row.reason} ({tries})."
        if row.parked:
            retry = f"`pgsync-assets rejected {sync.name} --retry --key ..`"
            yield f"It is parked (retry_rejected: false): {retry} lets the next run try it."
        else:
            yield "The next run tries it again."
    for plan in here.plans:
        if plan.status == "held":
            told = f"`pgsync-assets show {plan.run}`, then `apply` or `discard`"
            yield f"Plan {plan.run}, which is held, has it as {plan.operation}: {told}."
        else:
            yield (
                f"Run {plan.run}, which is under way or was interrupted, has it as "
                f"{plan.operation}; if it was interrupted, the next run finishes it."
            )
    for sent in here.sent:
        where = f" of partition {sent.partition}" if sent.partition else ""
        more = ", and the next run sends it again" if sent.is_sent_again else ""
        yield f"The destination took it: the state{where} has it{more}."
    if here.by_public_name:
        yield "State and plans know rows by their keys, and were not asked for a hash of one."
    elif not here.sent and here.is_known:
        gone = _gone(here)
        yield (
            f"It left the model, and run {gone.run_id} removed it at the destination."
            if gone and not (here.refused or here.plans)
            else "The state does not have it: nothing of it is at the destination by this sync."
        )


def _gone(here: RowHistory) -> Version | None:
    sent = [version for version in here.versions if version.status == "succeeded"]
    return sent[-1] if sent and sent[-1].operation == "removed" else None


def _not_known(sync: SyncConfig, here: RowHistory) -> Iterator[str]:
    level = sync.audit.level
    begins = here.log_begins
    since = f"run {begins.run_id} of {begins.at.astimezone():%Y-%m-%d}" if begins else None
    if not here.is_known and not here.by_public_name:
        yield (
            "No run has sent it, none was refused it, and no plan has it: the model did not have "
            "it at the last run (a filter, another key, a partition that has not run), or it left "
            "the model before the log begins."
        )
    elif not here.versions and here.sent and level not in LOGGED:
        yield "It was sent before the log begins, or when less was logged, and is the same since."
    if level in LOGGED:
        yield f"Of this sync {LOGGED[level]}: what was sent is in its state only."
    elif since:
        yield f"The log of this sync begins with {since}."
    if here.versions and level != "full":
        yield "Values are logged with `audit: full`."


def show_now(terminal: Terminal, now: RowNow) -> None:
    """Prints a row as both ends have it now.

    Args:
        terminal: where to.
        now: the row.
    """
    terminal.say("", f"Now: {_now(now)}")
    names = now.differs or tuple(now.model or now.destination or ())
    if now.model is None and now.destination is None:
        return
    sides = [side or {} for side in (now.model, now.destination)]
    cells = [(name, *(_cell(side, name) for side in sides)) for name in names]
    terminal.show(table("column", "model", "destination", rows=cells))


def _cell(side: Mapping[str, str | None], name: str) -> str:
    return shown_value(side[name]) if name in side else ""


def _now(now: RowNow) -> str:
    if now.in_model and now.in_destination:
        differs = ", ".join(now.differs)
        return f"both ends have it, and differ in {differs}." if differs else "both ends agree."
    if now.in_model:
        return "the model has it, the destination has not."
    if now.in_destination:
        return "the destination has it, the model has not."
    return "neither the model nor the destination has it."
