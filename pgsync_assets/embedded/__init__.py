"""PostgreSQL in a folder: found, started and stopped without root, apt or Docker."""

from pgsync_assets.embedded.cluster import Cluster
from pgsync_assets.embedded.servers import Servers

__all__ = ["Cluster", "Servers"]
