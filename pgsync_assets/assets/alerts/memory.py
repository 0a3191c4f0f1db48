"""What a sensor knows from tick to tick: its cursor, which Dagster keeps."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, field

from .news import Open
from .outbox import Pending

VERSION = 1


@dataclass
class Memory:
    """The cursor.

    Args:
        position: in the log of ended runs.
        opened: problems that are not over, by rule and subject.
        never: syncs that never ran: since when they are expected to.
        outbox: messages that are not in.
    """

    position: int
    opened: dict[str, dict[str, Open]] = field(default_factory=dict)
    never: dict[str, float] = field(default_factory=dict)
    outbox: list[Pending] = field(default_factory=list)

    @staticmethod
    def loads(text: str) -> Memory:
        """What `dumps` made.

        Args:
            text: of it.
        """
        kept = json.loads(zlib.decompress(base64.b64decode(text)))
        return Memory(
            kept["position"],
            {
                rule: {subject: Open.of(one) for subject, one in opened.items()}
                for rule, opened in kept["opened"].items()
            },
            kept["never"],
            [Pending.of(one) for one in kept["outbox"]],
        )

    def dumps(self) -> str:
        """As a cursor, packed: Dagster's page shows all of it. No secrets, no values of rows."""
        opened = {
            rule: {subject: one.kept() for subject, one in opened.items()}
            for rule, opened in self.opened.items()
            if opened
        }
        kept = {
            "version": VERSION,
            "position": self.position,
            "opened": opened,
            "never": self.never,
            "outbox": [one.kept() for one in self.outbox],
        }
        return base64.b64encode(zlib.compress(json.dumps(kept).encode())).decode()
