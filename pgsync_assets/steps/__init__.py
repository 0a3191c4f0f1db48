"""The steps that `sync.py` tells of, one file each, and what they share."""
