"""Loading a folder of `defs.yaml` files as Dagster components."""

import importlib
import os
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import dagster as dg

from ..errors import ConfigurationError

DEFS_VARIABLE = "PGSYNC_DEFS"
OWN_DEFS = Path(__file__).resolve().parents[1] / "defs"
OWN_MODULE = "pgsync_assets.defs"
OUTSIDE = "pgsync_outside_defs"
"""Name under which another folder is imported, for Python files in it."""


def chosen_folder() -> Path:
    """The folder that `PGSYNC_DEFS` names, or the project's own."""
    return Path(os.environ.get(DEFS_VARIABLE) or OWN_DEFS)


def stamps(folder: Path) -> frozenset[tuple[str, int, int]]:
    """The files below a folder: name, time of the last change (ns), bytes of each.

    Args:
        folder: where the `defs.yaml` files are; of one that is not there nothing.
    """
    found = set()
    for path in folder.rglob("*"):
        if path.parent.name != "__pycache__":  # which loading itself makes
            with suppress(FileNotFoundError):  # an editor's, gone by now
                stat = path.stat()
                found.add((str(path), stat.st_mtime_ns, stat.st_size))
    return frozenset(found)


def load_folder(folder: Path) -> dg.Definitions:
    """Definitions of all components below a folder.

    Args:
        folder: where the `defs.yaml` files are; any folder, it need not be a Python package.

    Raises:
        ConfigurationError: there is no such folder, or something in it cannot be right.
    """
    tree = component_tree(folder)
    return tree.build_defs() if tree else dg.Definitions()


def component_tree(folder: Path) -> dg.ComponentTree | None:
    """The components below a folder; None where there is nothing in it.

    Args:
        folder: where the `defs.yaml` files are.

    Raises:
        ConfigurationError: there is no such folder.
    """
    place = folder.resolve()
    if not place.is_dir():
        raise ConfigurationError(
            f"there is no folder {folder}", f"{DEFS_VARIABLE} names the folder of definitions"
        )
    if not any(any(place.rglob(pattern)) for pattern in ("*.yaml", "*.yml", "*.py")):
        return None  # Dagster takes an empty folder for none
    return dg.ComponentTree.from_module(defs_module=_module(place), project_root=place.parent)


def _module(folder: Path) -> ModuleType:
    if folder == OWN_DEFS:
        return importlib.import_module(OWN_MODULE)
    module = ModuleType(OUTSIDE)
    module.__path__ = [str(folder)]
    module.__file__ = None  # Dagster then takes the folder from __path__
    sys.modules[OUTSIDE] = module
    return module
