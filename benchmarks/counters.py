"""What a run wrote at both ends beside its rows: WAL, and files of sorts that spilled."""

from __future__ import annotations

from dataclasses import dataclass

from pgsync_assets.embedded import Cluster

MB = 1e6


@dataclass(frozen=True)
class Written:
    """Megabytes since some beginning; a difference is that of two.

    Args:
        wal_source: of WAL at the source.
        wal_destination: of WAL at the destination, which is the platform's server, too.
        spilled: of temporary files at both.
    """

    wal_source: float
    wal_destination: float
    spilled: float

    def since(self, before: Written) -> Written:
        """What was written in between."""
        return Written(
            self.wal_source - before.wal_source,
            self.wal_destination - before.wal_destination,
            self.spilled - before.spilled,
        )


def written(source: Cluster, destination: Cluster) -> Written:
    """What both servers have written so far."""
    (wal_source, spilled_source), (wal_destination, spilled_destination) = (
        _of(cluster) for cluster in (source, destination)
    )
    return Written(wal_source, wal_destination, spilled_source + spilled_destination)


def _of(cluster: Cluster) -> tuple[float, float]:
    query = (
        "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn,"
        " (SELECT sum(temp_bytes) FROM pg_stat_database)"
    )
    with cluster.connect("postgres") as connection:
        wal, spilled = connection.execute(query).fetchone() or (0, 0)
    return float(wal) / MB, float(spilled or 0) / MB
