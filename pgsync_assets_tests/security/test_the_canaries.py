"""The search for secrets finds one wherever it is planted, and fails the test that shows it."""

from __future__ import annotations

from textwrap import indent

import pytest

from pgsync_assets_tests.canaries import MARK, canary, is_shown, taken
from pgsync_assets_tests.fix_databases import PASSWORD, Pair, look_into

# Channel -> what a test does there.
PLANTED = {
    "stdout": "print(canary())",
    "stderr": "print(canary(), file=sys.stderr)",
    "a program's stdout": "subprocess.run(['printenv', 'X'], env={'X': canary()})",
    "log": "logging.getLogger('somebody').warning('it is %s', canary())",
    "log of ours": "logging.getLogger('pgsync_assets.x').debug('it is %s', canary())",
    "log of an error": "try: int(canary())\nexcept ValueError: logging.exception('oh')",
    "error": "try: raise ConnectionLost('no', canary())\nexcept ConnectionLost: pass",
    "repr of an error": "str(ConfigurationError(f'{canary()!r}'))",
    "taken output": "print(canary()); capfd.readouterr()",
    "command": "CliRunner().invoke(click.Command('x', callback=lambda: click.echo(canary())))",
    "exception of a command": (
        "CliRunner().invoke(click.Command('x', callback=lambda: int(canary())))"
    ),
    "read from a program": (
        "subprocess.run(['printenv', 'X'], env={'X': canary()}, capture_output=True)"
    ),
    "file": "(tmp_path / 'a').mkdir(); (tmp_path / 'a' / 'b').write_text(canary())",
    "argument": "subprocess.run(['true', canary()])",
    "event": (
        "@dg.asset\ndef planted(): return dg.MaterializeResult(metadata={'x': canary()})\n"
        "dg.materialize([planted])"
    ),
    "log of a run": (
        "@dg.asset\ndef planted(context): context.log.info(canary())\ndg.materialize([planted])"
    ),
    "run config": (
        "@dg.asset(config_schema=dict)\ndef planted(): pass\n"
        "dg.materialize([planted], run_config={'ops': {'planted': {'config': {'x': canary()}}}})"
    ),
    # The last one, as it lives on.
    "argument of a grandchild": (
        'inner = \'sh -c "sleep 5; :" "$X"; :\'\n'
        "child = subprocess.Popen(['sh', '-c', inner], env={'X': canary()})\n"
        "time.sleep(0.2)  # it has begun\n"
        "request.session.config.add_cleanup(child.kill)"
    ),
}
HARMLESS = {
    "a private file": "(tmp_path / 'a').touch(0o600); (tmp_path / 'a').write_text(canary())",
    "the environment": "subprocess.run(['true'], env={'X': canary()})",
    "nothing": "pass",
}
HEAD = """
import logging, subprocess, sys, time
import click, pytest
import dagster as dg
from click.testing import CliRunner
from pgsync_assets.errors import ConfigurationError, ConnectionLost
from pgsync_assets_tests.canaries import canary
"""
TEST = "def test_{}(tmp_path, capfd, request):\n{}\n"


def test_what_is_planted_is_found(pytester: pytest.Pytester) -> None:
    cases = [*HARMLESS.values(), *PLANTED.values()]
    tests = [TEST.format(i, indent(case, "    ")) for i, case in enumerate(cases)]
    path = pytester.makepyfile("\n".join([HEAD, *tests]))
    result = pytester.runpytest_subprocess(
        *("-p", "pgsync_assets_tests.fix_canaries", "-p", "no:randomly", "-p", "no:xdist"), path
    )
    result.assert_outcomes(passed=len(cases), errors=len(PLANTED))
    text = result.stdout.str()
    told = [f"ERROR {path.name}::test_{i} " in text for i in range(len(cases))]
    assert told == [False] * len(HARMLESS) + [True] * len(PLANTED)
    assert "CANARY-" not in text


def test_what_is_planted_in_a_table_is_found(database_pair: Pair) -> None:
    side = database_pair.destination
    side.execute(
        "create table pgsync_ledger.planted (note text)",
        f"insert into pgsync_ledger.planted values ('it is {MARK}')",
    )
    look_into(side)
    side.execute("drop table pgsync_ledger.planted")  # the end of the test may look, too
    (found,) = taken()
    assert "table pgsync_ledger.planted" in found
    assert not is_shown(found)


def test_what_fixtures_give_is_a_canary() -> None:
    assert is_shown(PASSWORD)
    assert is_shown(canary("more"))
    assert not is_shown("p@ss:w/rd")
