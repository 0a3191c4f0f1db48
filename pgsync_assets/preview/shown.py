"""Which columns' values may be seen where everybody looks: `preview: values:` of a model.

What a sync hashes or leaves out of its audit is not seen in a preview of its model either.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..config import ModelConfig, SyncConfig
from ..privacy import Privacy


def visible(model: ModelConfig, names: Sequence[str]) -> tuple[str, ...]:
    """Columns whose values may be shown: rows, minimum, maximum, frequent values, histograms.

    Args:
        model: says what may be seen.
        names: of its columns, as described.
    """
    values = model.preview.values
    if values == "all":
        return tuple(names)
    wanted = {"none": (), "key": model.key}[values] if isinstance(values, str) else values
    return tuple(name for name in names if name in wanted)


def shown_to_all(
    model: ModelConfig, names: Sequence[str], syncs: Sequence[SyncConfig]
) -> ModelConfig:
    """A model whose preview shows no more than the audit of every sync that uses it.

    Args:
        model: any.
        names: of its columns, as described.
        syncs: those that use it.
    """
    policies = [Privacy.of(sync) for sync in syncs]
    hidden = {name for name in names for one in policies if one.shows(name) != "include"}
    if not hidden:
        return model
    values = model.preview.values
    unknown = () if isinstance(values, str) else (name for name in values if name not in names)
    seen = (*(name for name in visible(model, names) if name not in hidden), *unknown)
    return model.model_copy(update={"preview": model.preview.model_copy(update={"values": seen})})
