"""`pgsync-assets tunnel`: what an SSH tunnel needs on either side."""

from __future__ import annotations

from .app import app


@app.group()
def tunnel() -> None:
    """Keys and the gateway of SSH tunnels."""
