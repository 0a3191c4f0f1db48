"""Runs on other machines: Dagster's Celery launcher, and workers that are known to be alive.

A run is one Celery task. The broker hands it out once; everything else (a worker that dies, a
message that is lost, a run that is cancelled) is decided in Dagster's own storage, so that it is
the same with every broker.
"""
