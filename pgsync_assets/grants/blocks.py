"""What the script can only find out at the server: PL/pgSQL, in DO blocks that any client runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from psycopg import sql

from ..sql import COMMA
from .grant import GIVE, TAKE, Thing, Verb

TABLES = ("r", "p", "v", "m", "f")
SEQUENCES = ("S",)

BLOCK = """DO {tag}
{variables}BEGIN
{body}
END
{tag};"""

VARIABLES = "DECLARE\n    thing text;\n    maker text;\n"

IN_DATABASE = """\
    IF current_database() <> {database} THEN
        RAISE EXCEPTION 'this script is for database %, and this is %',
            {database}, current_database();
    END IF;"""

MAKE_ROLE = """\
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {name}) THEN
        CREATE ROLE {role} LOGIN;
    ELSIF NOT (SELECT rolcanlogin FROM pg_catalog.pg_roles WHERE rolname = {name}) THEN
        ALTER ROLE {role} LOGIN;
    END IF;"""

NO_ROLE = """\
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {name}) THEN
        RAISE NOTICE 'there is no role %', {name};
        RETURN;
    END IF;"""

DROP_ROLE = """\
    GRANT {role} TO CURRENT_USER;
    REASSIGN OWNED BY {role} TO CURRENT_USER;
    DROP OWNED BY {role};
    DROP ROLE {role};"""

MAKE_SCHEMA = """\
    IF NOT EXISTS ({found}) THEN
        CREATE SCHEMA {schema};
    END IF;"""

UNLESS_OWNED = """\
    IF NOT pg_has_role({name},
        ({owner}), 'USAGE') THEN
        {statement}
    END IF;"""

LOOKED_UP = """\
    SELECT n.nspname, c.oid::regclass INTO maker, thing
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relname = {table} AND n.nspname = ANY ({schemas}) AND c.relkind IN ({kinds})
    ORDER BY array_position({schemas}, n.nspname) LIMIT 1;
    IF thing IS NULL THEN
        RAISE {level} 'a model reads %, and no schema of search_path has it', {table};
    ELSE
        EXECUTE format({on_schema}, maker, {name});
        {on_table}
    END IF;"""

SEQUENCES_OF_DEFAULTS = """\
    FOR thing IN
        SELECT DISTINCT drawn.refobjid::regclass
        FROM (VALUES
            {rows}
        ) AS written (schema, name, columns)
        JOIN pg_catalog.pg_namespace AS n ON n.nspname = written.schema
        JOIN pg_catalog.pg_class AS t ON t.relnamespace = n.oid AND t.relname = written.name
        JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid = t.oid AND a.attname <> ALL (written.columns)
        JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        JOIN pg_catalog.pg_depend AS drawn
            ON drawn.classid = 'pg_catalog.pg_attrdef'::regclass AND drawn.objid = d.oid
            AND drawn.refclassid = 'pg_catalog.pg_class'::regclass
        JOIN pg_catalog.pg_class AS s
            ON s.oid = drawn.refobjid AND s.relkind = 'S'
            AND NOT pg_has_role({name}, s.relowner, 'USAGE')
    LOOP
        {grant}
    END LOOP;"""

EACH = """\
    FOR thing IN
        SELECT c.oid::regclass
        FROM pg_catalog.pg_class AS c
        WHERE c.relnamespace = ({schema}) AND c.relkind IN ({kinds})
            AND NOT pg_has_role({name}, c.relowner, 'USAGE')
            AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_depend AS d
                WHERE d.classid = 'pg_catalog.pg_class'::regclass
                    AND d.objid = c.oid AND d.deptype = 'e'
            )
    LOOP
        {grant}
    END LOOP;"""

ON_THING = """\
EXECUTE format({statement}, thing, {name});"""

ON_THING_PROVED = """\
EXECUTE format({statement}, thing, {name});
        IF NOT ({has}) THEN
            RAISE EXCEPTION '% may not grant this: % ON %', current_user, {rights}, thing;
        END IF;"""

GIVEN_MAKERS = "SELECT given.name FROM unnest({makers}) AS given (name)"

OWNERS = """\
SELECT pg_get_userbyid(c.relowner)
        FROM pg_catalog.pg_class AS c
        WHERE c.relnamespace = ({schema}) AND c.relkind IN ({kinds})
            AND pg_get_userbyid(c.relowner) <> {name}
        UNION SELECT current_user"""

FUTURE = """\
    FOR maker IN
        {makers}
    LOOP
        IF pg_has_role(maker, 'USAGE') THEN
            {grants}
            RAISE NOTICE 'granted: what % makes in schema % from now on', maker, {schema};
        ELSE
            RAISE {level} 'not granted: what % makes in schema % from now on; % may not act for it',
                maker, {schema}, current_user;
        END IF;
    END LOOP;"""

NO_FUTURE = """\
    FOR maker IN
        SELECT DISTINCT pg_get_userbyid(d.defaclrole)
        FROM pg_catalog.pg_default_acl AS d, aclexplode(d.defaclacl) AS given
        WHERE d.defaclnamespace = ({oid}) AND pg_get_userbyid(given.grantee) = {name}
    LOOP
        {grants}
    END LOOP;"""

PROVE = """\
    SELECT string_agg(one.needed, ', ') INTO thing
    FROM (VALUES
        {rows}
    ) AS one (needed, is_there)
    WHERE NOT one.is_there;
    IF thing IS NOT NULL THEN
        RAISE EXCEPTION '% may not grant this: %', current_user, thing;
    END IF;"""


def block(*parts: sql.Composable, variables: bool = True) -> sql.Composed:
    """Parts of PL/pgSQL as one statement of SQL.

    Args:
        parts: of it.
        variables: some use the variables `thing` and `maker`.
    """
    body = sql.SQL("\n").join(parts)
    text, tag = body.as_string(None), "$pgsync$"
    while tag in text:  # a name may be anything
        tag = tag.replace("$pgsync", "$pgsync_")
    declared = sql.SQL(VARIABLES if variables else "")
    return sql.SQL(BLOCK).format(tag=sql.SQL(tag), variables=declared, body=body)


def in_database(database: str) -> sql.Composed:
    """Stops in any other database.

    Args:
        database: the right one.
    """
    return sql.SQL(IN_DATABASE).format(database=sql.Literal(database))


def make_role(role: str) -> sql.Composed:
    """Makes a role that may log in; one that is there may do so afterwards.

    Args:
        role: its name.
    """
    return sql.SQL(MAKE_ROLE).format(name=sql.Literal(role), role=sql.Identifier(role))


def leave_without(role: str) -> sql.Composed:
    """Ends the block where there is no such role.

    Args:
        role: its name.
    """
    return sql.SQL(NO_ROLE).format(name=sql.Literal(role))


def drop_role(role: str) -> sql.Composed:
    """Drops a role; its tables stay, as those of who runs the script.

    To take them over one has to be a member of it, which who is no superuser is not yet.

    Args:
        role: its name.
    """
    return sql.SQL(DROP_ROLE).format(role=sql.Identifier(role))


def make_schema(schema: Thing) -> sql.Composed:
    """Makes a schema where it is missing: IF NOT EXISTS asks for CREATE on the database regardless.

    Args:
        schema: it.
    """
    return sql.SQL(MAKE_SCHEMA).format(found=schema.oid, schema=schema.identifier)


def unless_owned(thing: Thing, role: str, statement: sql.Composable) -> sql.Composed:
    """Does something where a thing is there, and not the role's own.

    Args:
        thing: it.
        role: its name.
        statement: what to do.
    """
    return sql.SQL(UNLESS_OWNED).format(
        name=sql.Literal(role), owner=thing.owner, statement=statement
    )


def looked_up(verb: Verb, search_path: Iterable[str], table: str, role: str) -> sql.Composed:
    """SELECT on the first table of a name, as `search_path` will find it.

    Args:
        verb: GRANT or REVOKE.
        search_path: schemas, in order.
        table: its name.
        role: who gets or loses it.
    """
    return sql.SQL(LOOKED_UP).format(
        table=sql.Literal(table),
        schemas=_names(search_path),
        kinds=_literals(TABLES),
        name=sql.Literal(role),
        level=sql.SQL("EXCEPTION" if verb is GIVE else "NOTICE"),
        on_schema=_template(verb, ("USAGE",), "ON SCHEMA %I"),
        on_table=_on_thing(verb, ("SELECT",), "TABLE", role),
    )


def sequences(
    verb: Verb, defaults: Mapping[tuple[str, str], tuple[str, ...]], role: str
) -> sql.Composed:
    """USAGE on what the defaults of columns that no row brings draw from; an identity asks nobody.

    Args:
        verb: GRANT or REVOKE.
        defaults: table -> columns that every row brings.
        role: who gets or loses it.
    """
    rows = (
        sql.SQL("({}, {})").format(_literals(name), _names(columns))
        for name, columns in sorted(defaults.items())
    )
    return sql.SQL(SEQUENCES_OF_DEFAULTS).format(
        rows=sql.SQL(",\n            ").join(rows),
        name=sql.Literal(role),
        grant=_on_thing(verb, ("USAGE",), "SEQUENCE", role),
    )


def every(verb: Verb, schema: str, rights: tuple[str, ...], role: str) -> sql.Composed:
    """Rights on all tables of a schema, but those of the role and of extensions.

    Args:
        verb: GRANT or REVOKE.
        schema: its name.
        rights: on each; with INSERT, on what their defaults draw from, too.
        role: who gets or loses them.
    """
    kinds: list[tuple[tuple[str, ...], sql.Composed]] = [
        (TABLES, _on_thing(verb, rights, "TABLE", role))
    ]
    if "INSERT" in rights:
        kinds.append((SEQUENCES, _on_thing(verb, ("USAGE",), "SEQUENCE", role)))
    return sql.SQL("\n").join(
        sql.SQL(EACH).format(
            schema=Thing("SCHEMA", (schema,)).oid,
            kinds=_literals(some),
            name=sql.Literal(role),
            grant=grant,
        )
        for some, grant in kinds
    )


def future(
    schema: str, rights: tuple[str, ...], role: str, makers: tuple[str, ...]
) -> sql.Composed:
    """Rights on tables that are made later: they count for those of the named makers only.

    Args:
        schema: its name.
        rights: on each; with INSERT, on what their defaults draw from, too.
        role: who gets them.
        makers: roles that make tables; none: owners of tables there now, and who runs this.
    """
    found = sql.SQL(OWNERS).format(
        schema=Thing("SCHEMA", (schema,)).oid, kinds=_literals(TABLES), name=sql.Literal(role)
    )
    return sql.SQL(FUTURE).format(
        makers=sql.SQL(GIVEN_MAKERS).format(makers=_names(makers)) if makers else found,
        grants=sql.SQL("\n            ").join(_defaults(GIVE, rights, schema, role)),
        schema=sql.Literal(schema),
        level=sql.SQL("EXCEPTION" if makers else "WARNING"),
    )


def no_future(schema: str, rights: tuple[str, ...], role: str) -> sql.Composed:
    """Takes back what `future` gave, whoever the makers were.

    Args:
        schema: its name.
        rights: as they were given.
        role: who loses them.
    """
    return sql.SQL(NO_FUTURE).format(
        oid=Thing("SCHEMA", (schema,)).oid,
        name=sql.Literal(role),
        grants=sql.SQL("\n        ").join(_defaults(TAKE, rights, schema, role)),
    )


def prove(rows: Iterable[sql.Composable]) -> sql.Composed:
    """Fails where the role lacks something: of a GRANT without effect there is only a warning.

    Args:
        rows: of what is needed, and whether the role has it.
    """
    return sql.SQL(PROVE).format(rows=sql.SQL(",\n        ").join(rows))


def _defaults(
    verb: Verb, rights: tuple[str, ...], schema: str, role: str
) -> Iterable[sql.Composable]:
    """ALTER DEFAULT PRIVILEGES for a maker: of tables, and of sequences where rows are inserted."""
    kinds = [(rights, "ON TABLES"), *([(("USAGE",), "ON SEQUENCES")] if "INSERT" in rights else [])]
    for some, on in kinds:
        yield sql.SQL("EXECUTE format({}, maker, {}, {});").format(
            _template(verb, some, on, "ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I"),
            sql.Literal(schema),
            sql.Literal(role),
        )


def _on_thing(verb: Verb, rights: tuple[str, ...], kind: str, role: str) -> sql.Composed:
    """Gives or takes rights on `thing`; of a GRANT without effect there is only a warning."""
    has = sql.SQL("_").join(map(sql.SQL, ("has", kind.lower(), "privilege")))
    asked = (
        sql.SQL("{}({}, thing, {})").format(has, sql.Literal(role), sql.Literal(right))
        for right in rights
    )
    return sql.SQL(ON_THING_PROVED if verb is GIVE else ON_THING).format(
        statement=_template(verb, rights, " ".join(("ON", kind, "%s"))),
        name=sql.Literal(role),
        has=sql.SQL(" AND ").join(asked),
        rights=sql.Literal(", ".join(rights)),
    )


def _template(verb: Verb, rights: tuple[str, ...], on: str, before: str = "") -> sql.Literal:
    """A GRANT for format(): its last %I is the role."""
    words = (before, verb.does, ", ".join(rights), on, verb.whom, "%I")
    return sql.Literal(" ".join(filter(None, words)))


def _literals(texts: Iterable[str]) -> sql.Composed:
    return COMMA.join(map(sql.Literal, texts))


def _names(names: Iterable[str]) -> sql.Composed:
    return sql.SQL("ARRAY[{}]::name[]").format(_literals(names))
