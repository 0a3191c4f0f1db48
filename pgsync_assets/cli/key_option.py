"""`--key`: which row."""

import click

key_option = click.option(
    "--key",
    "keys",
    metavar="KEY",
    multiple=True,
    required=True,
    help="The row's key, as it is listed. One of several columns: as listed (a JSON array), or "
    "--key once for each column, in their order or as name=value.",
)
