"""`python -m pgsync_assets.cli` does what `pgsync-assets` does."""

from . import main

main()
