"""What Dagster shows of models and syncs beside their names: tags, owners, group."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

_KEY = re.compile(r"([A-Za-z0-9_.-]{1,253}/)?[A-Za-z0-9_.-]{1,63}")
_VALUE = re.compile(r"[A-Za-z0-9_.-]{0,63}")
_GROUP = re.compile(r"[A-Za-z0-9_]+")
_TEAM = re.compile(r"team:[A-Za-z0-9_-]+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_RESERVED = ("dagster/", "pgsync/")


def _tags(value: dict[str, str]) -> dict[str, str]:
    for key, text in value.items():
        if key.startswith(_RESERVED):
            raise ValueError(
                f"{key!r}: tags that begin with {' or '.join(_RESERVED)} are not yours"
            )
        if not (_KEY.fullmatch(key) and _VALUE.fullmatch(text)):
            raise ValueError(
                f"{key!r}: a tag has up to 63 letters, digits, _, - and . on either side"
            )
    return value


def _owners(value: tuple[str, ...]) -> tuple[str, ...]:
    for owner in value:
        if not (_TEAM.fullmatch(owner) or _EMAIL.fullmatch(owner)):
            raise ValueError(f"{owner!r}: an owner is an email address, or team:NAME")
    return value


def _group(value: str) -> str:
    if not _GROUP.fullmatch(value):
        raise ValueError(f"{value!r}: the name of a group has letters, digits and _")
    return value


Tags = Annotated[
    dict[str, str], AfterValidator(_tags), Field(description="Tags of the asset, as name: value.")
]
"""Dagster's rules for tags of assets."""

Owners = Annotated[
    tuple[str, ...],
    AfterValidator(_owners),
    Field(description="Who owns the asset: email addresses, and teams as `team:NAME`."),
]
"""Dagster's rules for owners."""

Group = Annotated[str, AfterValidator(_group)]
"""Dagster's rules for the name of a group."""
