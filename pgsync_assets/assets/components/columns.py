"""Columns that are looked up once and kept in Dagster's defs state, as YAML."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import dagster as dg
from dagster.components import DefsStateConfig, DefsStateConfigArgs
from pydantic import Field, PrivateAttr

from ...errors import ConfigurationError, PgsyncError, TerminalError
from ..known_columns import Entry, from_text, to_text
from .help import Explained, YamlComponent
from .scaffolders import ColumnsScaffolder


class ColumnsState(Explained):
    """Where looked-up columns are kept."""

    management_type: Literal["VERSIONED_STATE_STORAGE", "LOCAL_FILESYSTEM"] = Field(
        default="VERSIONED_STATE_STORAGE",
        description="VERSIONED_STATE_STORAGE: with the Dagster instance, for every machine that "
        "uses it. LOCAL_FILESYSTEM: in `.local_defs_state` below the project's folder of "
        "definitions, to be built into an image.",
    )
    key: str = Field(
        default="PgColumnsComponent",
        description="Name of it there; projects that share a Dagster instance need one each.",
    )


@dg.scaffold_with(ColumnsScaffolder)
class PgColumnsComponent(YamlComponent, dg.StateBackedComponent):
    """Shows columns and their lineage before the first run, also while databases are down.

    `pgsync-assets columns` or `dg utils refresh-defs-state` asks every database once for names,
    types and comments of columns, and where they come from; no row is read. Loading definitions
    never asks. One component serves all syncs of a project; what was looked up for another
    configuration of a model or a sync is not shown.
    """

    defs_state: ColumnsState = Field(
        default_factory=ColumnsState, description="Where the columns are kept."
    )
    _context: dg.ComponentLoadContext | None = PrivateAttr(default=None)
    _entries: Mapping[str, Entry] | None = PrivateAttr(default=None)
    _failures: dict[str, PgsyncError] = PrivateAttr(default_factory=dict)

    @classmethod
    def load(cls, attributes: object, context: dg.ComponentLoadContext) -> "PgColumnsComponent":
        """Loads it as every component, and remembers to which project it belongs."""
        made = super().load(attributes, context)  # type: ignore[arg-type]
        made._context = context
        return made

    @property
    def defs_state_config(self) -> DefsStateConfig:
        """What Dagster has to know about the state; it is never refreshed by loading."""
        kind = self.defs_state.management_type
        wanted = DefsStateConfigArgs.model_validate(
            {"management_type": kind, "refresh_if_dev": False}
        )
        return DefsStateConfig.from_args(wanted, self.defs_state.key)

    @property
    def looked_up(self) -> Mapping[str, Entry]:
        """What the last refresh or load of this component found."""
        return self._entries or {}

    def entries(self, context: dg.ComponentLoadContext) -> Mapping[str, Entry]:
        """What was looked up last. No database is asked.

        Args:
            context: of any component of the project.
        """
        if self._entries is None:
            self.build_defs(context)
        return self._entries or {}

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Reads what was looked up; the syncs show it. There are no definitions of its own.

        Raises:
            ConfigurationError: it is to be kept in a project's folder, and there is no project.
        """
        try:
            return super().build_defs(context)
        except dg.DagsterInvalidInvocationError:
            # Loaded without an instance, as by a test: nothing is kept anywhere.
            self._entries = {}
            return dg.Definitions()
        except dg.DagsterError as error:
            raise ConfigurationError(
                f"defs_state: LOCAL_FILESYSTEM needs a project of Dagster: {error}",
                "management_type: VERSIONED_STATE_STORAGE",
            ) from None

    def build_defs_from_state(
        self, context: dg.ComponentLoadContext, state_path: Path | None
    ) -> dg.Definitions:
        """Reads the stored text.

        Args:
            context: of this component.
            state_path: of the text; None where nothing was ever looked up.
        """
        self._entries = from_text(state_path.read_text(encoding="utf-8")) if state_path else {}
        return dg.Definitions()

    async def refresh_state(self, project_root: Path) -> str:
        """Asks the databases and keeps what they say; of those that are down, what was known.

        Args:
            project_root: folder of the project.

        Raises:
            PgsyncError: something could not be looked up; all else is kept by then.
        """
        self._entries, self._failures = None, {}
        if self._context is not None:
            self.entries(self._context)  # before Dagster makes room for what comes
        version = await super().refresh_state(project_root)
        if self._failures:
            raise _told(self._failures)
        return version

    def write_state_to_path(self, state_path: Path) -> None:
        """Asks the databases.

        Args:
            state_path: the file that is written.

        Raises:
            ConfigurationError: the project is not right.
        """
        if self._context is None:
            raise ConfigurationError("a PgColumnsComponent is refreshed as part of a project only")
        from .sync import project_of  # here: that file uses this one

        project = project_of(self._context)
        project.check()
        self._entries, self._failures = project.look_up_columns(self.looked_up)
        state_path.write_text(to_text(self._entries), encoding="utf-8")


def project_columns(context: dg.ComponentLoadContext) -> Mapping[str, Entry]:
    """What was looked up for a project; nothing where it has no such component.

    Args:
        context: of any of its components.

    Raises:
        ConfigurationError: it has several.
    """
    found = context.component_tree.get_all_components(of_type=PgColumnsComponent)
    if len(found) > 1:
        raise ConfigurationError(
            "there is more than one PgColumnsComponent", "one serves all syncs of a project"
        )
    return found[0].entries(context) if found else {}


def _told(failures: Mapping[str, PgsyncError]) -> PgsyncError:
    """One error of all, each message once."""
    by_message: dict[str, list[str]] = {}
    for name, error in failures.items():
        by_message.setdefault(error.message, []).append(name)
    lines = [f"{', '.join(names)}: {message}" for message, names in by_message.items()]
    return TerminalError("\n".join(["not looked up; what was known before is kept", *lines]))
