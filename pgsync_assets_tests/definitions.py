"""A project's `defs.yaml` files, as a user would write them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .fix_databases import Side


def component(folder: Path, name: str, kind: str, /, **attributes: Any) -> Path:
    """Writes one component, or writes it anew: its file.

    Args:
        folder: of the definitions.
        name: of its own folder.
        kind: its class, without the package.
        attributes: of it.
    """
    file = folder / name / "defs.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    document = {"type": f"pgsync_assets.{kind}", "attributes": attributes}
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return file


def connections(sides: Mapping[str, Side], **secrets: str) -> dict[str, dict[str, Any]]:
    """Connections to some databases.

    Args:
        sides: by the connections' names.
        secrets: the variable of a password, by the connection's name, where it is not
            `NAME_PASSWORD`.
    """
    return {
        name: {
            "host": side.host,
            "port": side.port,
            "database": side.database,
            "user": side.user,
            "password": f"${secrets.get(name, f'{name.upper()}_PASSWORD')}",
        }
        for name, side in sides.items()
    }
