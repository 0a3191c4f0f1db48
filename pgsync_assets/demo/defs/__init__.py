"""The definitions of the demo; a project of one's own begins in `pgsync_assets/defs`."""
