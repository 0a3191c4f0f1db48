"""Loading a folder of `defs.yaml` files as Dagster components."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import dagster as dg

from ..errors import ConfigurationError

PACKAGE = __package__.split(".")[0]
OUTSIDE = "pgsync_outside_defs"
"""Name under which a folder outside of this package is imported, if it holds Python files too."""


def load_folder(folder: Path) -> dg.Definitions:
    """Definitions of all components below a folder.

    Args:
        folder: where the `defs.yaml` files are; any folder, it need not be a Python package.

    Raises:
        ConfigurationError: there is no such folder, or something in it cannot be right.
    """
    place = folder.resolve()
    if not place.is_dir():
        raise ConfigurationError(
            f"there is no folder {folder}", "PGSYNC_DEFS names the folder of definitions"
        )
    tree = dg.ComponentTree.from_module(defs_module=_module(place), project_root=place.parent)
    return tree.build_defs()


def _module(folder: Path) -> ModuleType:
    package = Path(__file__).parents[1]
    if folder.is_relative_to(package):
        return importlib.import_module(".".join([PACKAGE, *folder.relative_to(package).parts]))
    return _module_outside(folder)


def _module_outside(folder: Path) -> ModuleType:
    module = ModuleType(OUTSIDE)
    module.__path__ = [str(folder)]
    module.__file__ = None  # Dagster then takes the folder from __path__
    sys.modules[OUTSIDE] = module
    return module
