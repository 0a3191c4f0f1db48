"""The script: one transaction of plain SQL for psql or any other client, which can be run again.

What can only be known at the server (who owns what, which sequence a default draws from) it finds
out itself, in DO blocks. At its end it proves that nothing is lacking: PostgreSQL only warns of a
GRANT that the one who runs it may not give.

A schema of ours is made as the administrator's own, and our role may make tables in it. With
AUTHORIZATION the administrator would have to be a member of our role, which one who is no
superuser is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from psycopg import sql

from . import blocks
from .grant import GIVE, TAKE, Grant, Verb
from .log_reader import LogReader
from .needs import Needs


def setup_script(
    needs: Needs,
    database: str,
    role: str,
    secret: str | None,
    makers: tuple[str, ...],
    reader: LogReader | None = None,
) -> str:
    """SQL that makes the role and gives it what is needed.

    Args:
        needs: of the connection.
        database: in which it has to be run.
        role: name of it.
        secret: its password as a SCRAM verifier; None leaves it as it is.
        makers: who makes later tables; none: owners of those that are there.
        reader: who may read the log, too.
    """
    return _joined(
        _in_database(database),
        ("The role", [_made_role(role), *_password(role, secret)]),
        ("The database, and schemas and tables that are there", _plain(needs, role)),
        ("Schemas of ours, and what a run makes itself", _guarded(needs, role)),
        ("Tables that are named without a schema", _looked_up(needs, role)),
        ("Sequences that defaults draw from", _sequences(needs, role)),
        ("All tables of a schema", _every(needs, role)),
        ("Tables that are made later", _future(needs, role, makers)),
        ("Who reads the log", reader.gives() if reader else []),
        ("Nothing is lacking", [blocks.block(blocks.prove(_proofs(needs, role)))]),
    )


def revoke_script(
    needs: Needs, database: str, role: str, drops_role: bool, reader: LogReader | None = None
) -> str:
    """SQL that takes back what `setup_script` gave; tables and schemas stay.

    Args:
        needs: as they were given.
        database: in which it has to be run.
        role: name of it.
        drops_role: the role goes, too, and what it owns here belongs to who runs the script.
        reader: who may not read the log any more, either.
    """
    parts = [_unless_owned(TAKE, grant, role) for grant in reversed(needs.grants)]
    parts += [blocks.looked_up(TAKE, needs.search_path, name, role) for name in needs.looked_up]
    parts += [blocks.sequences(TAKE, needs.defaults, role)] if needs.defaults else []
    parts += [blocks.every(TAKE, *item, role) for item in needs.every.items()]
    parts += [blocks.no_future(*item, role) for item in needs.future.items()]
    parts += [reader.takes()] if reader else []
    parts += [blocks.drop_role(role)] if drops_role else []
    return _joined(
        _in_database(database),
        ("What the script gave", [blocks.block(blocks.leave_without(role), *parts)]),
    )


def _joined(*sections: tuple[str, Sequence[sql.Composable]]) -> str:
    written = [
        "\n".join([f"\n-- {heading}", *(part.as_string(None) for part in parts)])
        for heading, parts in sections
        if parts
    ]
    begin = ["BEGIN;", "SET LOCAL client_encoding = 'UTF8';"]
    return "\n".join([*begin, *written, "", "COMMIT;", ""])


def _in_database(database: str) -> tuple[str, list[sql.Composed]]:
    check = blocks.block(blocks.in_database(database), variables=False)
    return "Only in the right database", [check]


def _made_role(role: str) -> sql.Composed:
    return blocks.block(blocks.make_role(role), variables=False)


def _password(role: str, secret: str | None) -> list[sql.Composed]:
    if secret is None:
        return []
    return [sql.SQL("ALTER ROLE {} PASSWORD {};").format(sql.Identifier(role), sql.Literal(secret))]


def _plain(needs: Needs, role: str) -> list[sql.Composed]:
    return [grant.statement(GIVE, role) for grant in needs.grants if grant.missing == "refuse"]


def _guarded(needs: Needs, role: str) -> list[sql.Composed]:
    parts = [part for grant in needs.grants for part in _made(grant, role)]
    return [blocks.block(*parts, variables=False)] if parts else []


def _made(grant: Grant, role: str) -> Iterator[sql.Composed]:
    if grant.missing == "create":
        yield blocks.make_schema(grant.thing)
    if grant.missing != "refuse":
        yield _unless_owned(GIVE, grant, role)


def _unless_owned(verb: Verb, grant: Grant, role: str) -> sql.Composed:
    return blocks.unless_owned(grant.thing, role, grant.statement(verb, role))


def _looked_up(needs: Needs, role: str) -> list[sql.Composed]:
    parts = [blocks.looked_up(GIVE, needs.search_path, name, role) for name in needs.looked_up]
    return [blocks.block(*parts)] if parts else []


def _sequences(needs: Needs, role: str) -> list[sql.Composed]:
    return [blocks.block(blocks.sequences(GIVE, needs.defaults, role))] if needs.defaults else []


def _every(needs: Needs, role: str) -> list[sql.Composed]:
    parts = [blocks.every(GIVE, *item, role) for item in needs.every.items()]
    return [blocks.block(*parts)] if parts else []


def _future(needs: Needs, role: str, makers: tuple[str, ...]) -> list[sql.Composed]:
    parts = [blocks.future(*item, role, makers) for item in needs.future.items()]
    return [blocks.block(*parts)] if parts else []


def _proofs(needs: Needs, role: str) -> list[sql.Composed]:
    return [proof for grant in needs.grants for proof in grant.proofs(role)]
