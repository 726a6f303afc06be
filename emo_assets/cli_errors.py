"""How the command line ends: exit codes, error messages of one line, and the log of an unexpected error."""

from __future__ import annotations

import errno
import io
import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import typer

from emo_assets.errors import InputError, WorkerError
from emo_assets.store import name_in_errors

MAX_MESSAGE = 300
"""Characters of the message of an unexpected error that are shown; its log has all."""

_DATABASE_MODULES = {"sqlite3", "sqlalchemy"}


def run(command: Callable[[], object]) -> NoReturn:
    """Run a command, and exit.

    Exits with 0 when it is done, 2 when an input, an option or a place is invalid, 1 after any other failure,
    and 130 when it is interrupted. A failure prints one line on standard error. An unexpected error is logged
    to a temporary file, which the line names.

    Args:
        command: the command; what it returns is the exit code if it is an integer.
    """
    _prepare_streams()
    try:
        result = command()
        with name_in_errors("standard output"):
            sys.stdout.flush()
    except (typer.Abort, KeyboardInterrupt):
        _exit(130, "interrupted; finished work is kept")
    except Exception as error:
        _exit(*_explain(error))
    sys.exit(result if isinstance(result, int) else 0)


def _prepare_streams() -> None:
    """Let any text be printed: to closed streams, and in encodings that lack its characters."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # its descriptor is taken, too, so that no file of ours gets it
            stream = Path(os.devnull).open(mode)  # noqa: SIM115 - open as long as the process
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _exit(code: int, message: str) -> NoReturn:
    """Print one line on standard error, and exit."""
    with suppress(OSError):
        print(f"emo: {' '.join(message.split())}", file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # the interpreter would fail again with what is left in the buffer
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(code)


def _explain(error: Exception) -> tuple[int, str]:
    """Return the exit code after an error, and the line that explains it."""
    match error:
        case InputError():
            return 2, str(error)
        case typer.TyperException():
            return 2, f"{error.format_message()} (`emo --help` lists commands and options)"
        case WorkerError():
            return 1, str(error)
        case OSError():
            where = str(error) if error.filename is None else f"{error.filename}: {error.strerror}"
            is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            return 2, f"{where}; {'free some space' if is_full else 'check the path and its permissions'}"
    if _DATABASE_MODULES & {kind.__module__.partition(".")[0] for kind in type(error).__mro__}:
        reason = getattr(error, "orig", None) or error
        place = os.environ.get("DAGSTER_HOME", "the store")
        return 2, f"the database in {place} cannot be used ({reason}); check its permissions and free space"
    return 1, _log(error)


def _log(error: Exception) -> str:
    """Write an unexpected error to a log, and return the line that names it."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    what = f"unexpected {type(error).__name__} in {Path(last.filename).name}, line {last.lineno}: {error}"
    heading = f"emo {' '.join(sys.argv[1:2])} on Python {sys.version}, {platform.platform()}\n"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="emo-", suffix=".log", delete=False, encoding="utf-8", errors="backslashreplace"
        ) as file:
            file.write(heading + "".join(traceback.format_exception(error)))
    except OSError as no_log:
        return f"{what[:MAX_MESSAGE]} (no log could be written: {no_log})"
    return f"{what[:MAX_MESSAGE]}; please report it with the log {file.name}"
