"""Workers and their broker, in words for people."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import ConfigurationError
from .terminal import Terminal

BROKER = "PGSYNC_BROKER"
EXTRA = ("celery", "dagster_celery", "kombu", "redis")


def broker_place(terminal: Terminal) -> str:
    """Where the broker is, by the environment of this process; before anything is started.

    Args:
        terminal: is warned of a broker in the clear.

    Raises:
        ConfigurationError: what the environment names is none, or Celery is not installed.
    """
    try:
        from ..assets.workers.broker import broker_place as of_environment  # a second: Dagster
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        raise ConfigurationError(
            f"workers need {error.name}, which is not installed",
            'pip install "pgsync-assets[celery]"; in a clone: make extras',
        ) from None
    place, warning = of_environment()
    if warning:
        terminal.warn(warning)
    return place


def restarted(terminal: Terminal) -> Callable[[str, str], None]:
    """Tells of a worker that has ended by itself.

    Args:
        terminal: hears of it.
    """

    def told(name: str, how: str) -> None:
        terminal.warn(f"worker {name} has ended by itself ({how}); it is started again")

    return told
