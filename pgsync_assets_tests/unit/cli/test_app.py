"""Every error ends in one message and its exit code; stdout with --json is one document."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from pgsync_assets import errors
from pgsync_assets.cli import app
from pgsync_assets.cli.app import App
from pgsync_assets.cli.exit_code import MEANINGS, ExitCode, exit_code_of


def _ends_with(raised: BaseException, *arguments: str) -> Result:
    """Runs a command that raises, inside our group."""

    @click.group(cls=App)
    def group() -> None: ...

    @group.command()
    @click.option("--json", is_flag=True, expose_value=False)
    @click.option("--debug", is_flag=True, expose_value=False)
    def command() -> None:
        raise raised

    return CliRunner().invoke(group, ["command", *arguments])


def _all_errors() -> list[type[errors.PgsyncError]]:
    found = [errors.PgsyncError]
    for kind in found:
        found.extend(kind.__subclasses__())
    return [kind for kind in found if not issubclass(kind, errors.RowRefused)]


@pytest.mark.parametrize("kind", _all_errors())
def test_an_error_of_ours_is_a_message_a_remedy_and_a_code(
    kind: type[errors.PgsyncError],
) -> None:
    result = _ends_with(kind("crm: the lamp is out", "buy a new one"))
    assert result.stderr == "Error: crm: the lamp is out\n  -> buy a new one\n"
    assert result.stdout == ""
    assert result.exit_code == exit_code_of(kind(""))


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.TerminalError, 1),
        (errors.PrivilegeError, 1),
        (errors.ConfigurationError, 2),
        (errors.AlreadyRunning, 4),
        (errors.FencedOff, 4),
        (errors.ConnectionLost, 5),
        (errors.Contention, 5),
    ],
)
def test_the_code_says_whether_to_try_again(kind: type[errors.PgsyncError], code: int) -> None:
    assert exit_code_of(kind("")) == code


def test_with_json_the_error_is_on_stdout_too() -> None:
    result = _ends_with(errors.ConnectionLost("gone", "look"), "--json")
    expected = {"type": "ConnectionLost", "message": "gone", "remedy": "look"}
    assert json.loads(result.stdout) == {"error": expected}
    assert result.stderr == "Error: gone\n  -> look\n"


def test_an_unexpected_error_shows_neither_its_text_nor_a_traceback() -> None:
    result = _ends_with(ValueError("row (42, secret)"))
    assert result.exit_code == ExitCode.FAILED
    assert "unexpected ValueError in test_app.py:" in result.stderr
    assert "secret" not in result.output
    assert "Traceback" not in result.output


def test_debug_shows_the_traceback() -> None:
    result = _ends_with(ValueError("what it is about"), "--debug")
    assert "Traceback" in result.stderr
    assert "what it is about" in result.stderr


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), click.Abort()])
def test_ctrl_c_is_130(raised: BaseException) -> None:
    result = _ends_with(raised)
    assert result.exit_code == ExitCode.INTERRUPTED
    assert result.stderr.strip() == "Error: interrupted"


def test_a_polite_kill_runs_the_clean_up_as_ctrl_c_does() -> None:
    cleaned = []

    @click.command(cls=click.Command)
    def command() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            cleaned.append(True)

    result = CliRunner().invoke(App(commands={"command": command}), ["command"])
    assert result.exit_code == ExitCode.INTERRUPTED
    assert cleaned == [True]


@pytest.mark.parametrize(
    "arguments", [["run"], ["run", "x", "--nonsense"], ["nonsense"], ["plan", "x", "--limit", "-1"]]
)
def test_a_wrong_command_line_is_2(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == ExitCode.USAGE
    assert result.stderr.startswith("Error: ")
    assert "--help" in result.stderr
    assert json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)["error"]


def test_help_names_every_exit_code() -> None:
    told = CliRunner().invoke(app, ["--help"]).stdout
    assert set(MEANINGS) == set(ExitCode)
    for code, meaning in MEANINGS.items():
        assert f"{code:>3}  {meaning}" in told


def commands(group: click.Group) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with its words; a group is none, but those in it are."""
    for name, command in group.commands.items():
        inner = commands(command) if isinstance(command, click.Group) else [((), command)]
        yield from (((name, *words), one) for words, one in inner)


def test_every_command_has_help_within_80_columns() -> None:
    for words, _ in commands(app):
        result = CliRunner().invoke(app, [*words, "--help"], terminal_width=80)
        assert result.exit_code == 0
        assert max(map(len, result.stdout.splitlines())) <= 80


def test_every_command_has_json() -> None:
    without = [
        words
        for words, command in commands(app)
        if not any("--json" in option.opts for option in command.params)
    ]
    assert without == []


def test_dot_env_is_read_and_overrides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("PGSYNC_DEFS=from_the_file\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PGSYNC_DEFS", "from_the_shell")
    assert "no folder from_the_shell" in CliRunner().invoke(app, ["check"]).stderr
    monkeypatch.delenv("PGSYNC_DEFS")
    assert "no folder from_the_file" in CliRunner().invoke(app, ["check"]).stderr
