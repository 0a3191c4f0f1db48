"""One run of dlt's pipeline; it runs in dlt's environment, which knows nothing of ours."""

from __future__ import annotations

import os

import dlt
from dlt.sources.sql_database import sql_table


def main() -> None:
    """Reads the table and merges it."""
    cursor = os.environ["BENCH_CURSOR"]
    table = sql_table(
        credentials=os.environ["BENCH_FROM"],
        schema="public",
        table="customers",
        backend="pyarrow",
        chunk_size=100_000,
        reflection_level="full",
        incremental=dlt.sources.incremental(cursor) if cursor else None,
    )
    table.apply_hints(primary_key="id", write_disposition="merge")
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=os.environ["BENCH_FOLDER"],
        destination=dlt.destinations.postgres(credentials=os.environ["BENCH_INTO"]),
        dataset_name=os.environ["BENCH_SCHEMA"],
    )
    pipeline.run(table, loader_file_format="csv").raise_on_failed_jobs()


if __name__ == "__main__":
    main()
