"""Every command with every kind of bad input: one line, never a traceback, and nothing written."""

from __future__ import annotations

import ctypes
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from dagster import DagsterInstance
from sqlalchemy.exc import OperationalError

from emo_assets.cli import app, main
from emo_assets.cli_errors import run
from emo_assets_tests.studio.real_models import NAME as MODEL

_CAPABILITIES_VERSION = 0x20080522
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


@contextmanager
def file_permissions_apply() -> Iterator[None]:
    """Let the permissions of files apply to this thread, even to root's."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0)
    data = (ctypes.c_uint32 * 6)()  # effective, permitted and inheritable, twice
    if not sys.platform.startswith("linux") or libc.capget(header, data) != 0:
        pytest.skip("everything is readable to root here")
    effective = data[0]
    data[0] = effective & ~(1 << _CAP_DAC_OVERRIDE | 1 << _CAP_DAC_READ_SEARCH)
    libc.capset(header, data)
    try:
        yield
    finally:
        data[0] = effective
        libc.capset(header, data)


def mount(folder: Path, *options: str) -> bool:
    """Mount a small file system in memory; return whether that is possible here."""
    command = ["mount", "-t", "tmpfs", "-o", ",".join(("size=4m", *options)), "tmpfs", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0


def fill(folder: Path) -> None:
    """Leave no space in a small file system."""
    descriptor = os.open(folder / "filling", os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while True:
            os.write(descriptor, bytes(4096))
    os.close(descriptor)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[Path]:
    """A folder with one input of each bad kind, and good ones, which tests leave as they are."""
    from emo_assets.synthetic_corpus.corpus import compose_corpus

    base = tmp_path_factory.mktemp("places")
    compose_corpus(base / "corpus", songs=2)
    shutil.copy(base / "corpus/spotify/dataset.csv", base / "spotify.csv")
    shutil.copy(base / "corpus/msd/unique_tracks.txt", base / "msd.txt")
    shutil.copy(next((base / "corpus").rglob("*.mid")), base / "song.mid")
    shutil.rmtree(base / "corpus")
    (base / "text").write_text("some\nwords\n")
    (base / "binary").write_bytes(bytes(range(256)) * 20)
    (base / "empty").touch()
    (base / "short.mid").write_bytes(b"MThd without a line end")
    (base / "folder").mkdir()
    shutil.copytree(models, base / "store")
    requests = base / "store/requests"
    requests.mkdir()
    (requests / "latin.yaml").write_bytes("mood: schön\n".encode("latin-1"))
    (requests / "binary.yaml").write_bytes(bytes(range(256)))
    (requests / "dated.yaml").write_text("seed: 2026-99-99\n")
    (requests / "list.yaml").write_text("- features\n")
    (requests / "nested.yaml").write_text(
        "a: &a [x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{b}: &{b} [{', '.join([f'*{a}'] * 8)}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)
        )
        + "mood: *h\n"
    )
    (requests / "folder.yaml").mkdir()
    (requests / "closed.yaml").touch(mode=0)
    damaged = {
        "no-champion": "assets/champion.json",
        "no-figaro": "assets/figaro_model.safetensors",
        "no-metrics": "assets/song_metrics.parquet",
        "no-weights": f"champions/first/{MODEL}.safetensors",
    }
    for name, path in damaged.items():
        shutil.copytree(models, base / name)
        (base / name / path).write_bytes(bytes(range(256)))
        shutil.copytree(models, base / f"{name}-closed")
        (base / f"{name}-closed" / path).chmod(0)
    shutil.copytree(models, base / "bad-queue")
    (base / "bad-queue/studio").mkdir()
    (base / "bad-queue/studio/journal.sqlite").write_bytes(bytes(range(256)) * 20)
    (base / "home").mkdir()
    for name, content in {
        "yaml": b"storage: [",
        "latin": "# schön\n".encode("latin-1"),
        "unknown": b"nothing: 1\n",
        "module": b"storage: {postgres: {postgres_url: x}}\n",
    }.items():
        (base / f"home-{name}").mkdir()
        (base / f"home-{name}/dagster.yaml").write_bytes(content)
    (base / "home-database/history/runs").mkdir(parents=True)
    (base / "home-database/schedules").mkdir()
    for database in ("history/runs.db", "history/runs/index.db", "schedules/schedules.db"):
        (base / "home-database" / database).write_bytes(bytes(range(256)) * 20)
    (base / "closed").mkdir(mode=0)
    (base / "closed-file").touch(mode=0)
    shutil.copytree(models, base / "protected")
    (base / "protected/lines.jsonl").touch(mode=0o444)
    for folder in (base / "protected", *filter(Path.is_dir, (base / "protected").rglob("*"))):
        folder.chmod(0o555)
    mounted = []
    for name, options in (("full", ()), ("readonly", ())):
        (base / name).mkdir()
        if mount(base / name, *options):
            mounted.append(base / name)
    if mounted:
        (base / "full/home").mkdir()
        DagsterInstance.local_temp(str(base / "full/home")).dispose()
        fill(base / "full")
        (base / "readonly/lines.jsonl").touch()
        subprocess.run(["mount", "-o", "remount,ro", str(base / "readonly")], check=True)
    yield base
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
    (base / "closed").chmod(0o700)
    for folder in (base / "protected", *filter(Path.is_dir, (base / "protected").rglob("*"))):
        folder.chmod(0o755)


class Case(NamedTuple):
    """A command, the text that its message must hold, and what `DAGSTER_HOME` is."""

    command: str
    message: str
    home: str | None = "{base}/home"


LINK = "link --spotify spotify.csv --msd msd.txt --out {}"
GENERATE = "generate --store store --out {}"

CASES = [
    # inputs that are missing, unreadable, or of another kind or encoding
    *(
        Case(f"link --spotify {path} --msd msd.txt --out links.parquet", message)
        for path, message in {
            "nowhere": "nowhere: does not exist; get dataset.csv",
            "text": "text: the first line must name the columns",
            "binary": "binary: the first line must name the columns",
            "empty": "empty: is empty",
            "folder": "folder: is a folder, not a file",
            "song.mid": "song.mid: the first line must name",
            "msd.txt": "msd.txt: the first line must name",
            "closed-file": "closed-file: cannot be read (Permission denied)",
            "closed/table": "closed/table: Permission denied",
            "/proc/self/mem": "/proc/self/mem: cannot be read",
        }.items()
    ),
    *(
        Case(f"link --spotify spotify.csv --msd {path} --out links.parquet", message)
        for path, message in {
            "nowhere": "nowhere: does not exist; get unique_tracks.txt",
            "text": "text: no line has the form",
            "binary": "binary: no line has the form",
            "empty": "empty: is empty",
            "folder": "folder: is a folder, not a file",
            "spotify.csv": "spotify.csv: no line has the form",
            "closed-file": "closed-file: cannot be read (Permission denied)",
        }.items()
    ),
    *(
        Case(f"generate --store store --preset {name} --out song.wav", message)
        for name, message in {
            "nothing": "unknown preset 'nothing'; store/requests has: binary",
            "../up": "name may hold only a-z",
            "latin": "latin.yaml: is not YAML",
            "binary": "binary.yaml: is not YAML",
            "dated": "dated.yaml: seed must be a whole number, got '2026-99-99'",
            "list": "list.yaml: must hold 'features:'",
            "nested": "nested.yaml: mood: Input should be a valid string",
            "folder": "folder.yaml: cannot be read (Is a directory)",
            "closed": "closed.yaml: cannot be read (Permission denied)",
        }.items()
    ),
    *(
        Case(f"generate --store store --out song.wav --sound-font {path}", message)
        for path, message in {
            "nowhere": "nowhere: no such sound font",
            "folder": "folder: no such sound font",
            "closed-file": "closed-file: no such sound font",
            "binary": "binary: is not a sound font",
            "empty": "empty: is not a sound font",
        }.items()
    ),
    Case("generate --store no-champion --out song.mid", "champion.json: the champion's record is damaged"),
    Case("generate --store no-champion-closed --out song.mid", "champion.json: Permission denied"),
    Case("generate --store no-figaro --out song.mid", "figaro_model.safetensors: not a weight file"),
    Case("generate --store no-figaro-closed --out song.mid", "figaro_model.safetensors: Permission denied"),
    Case("generate --store no-metrics --out song.mid", "song_metrics.parquet is damaged"),
    Case("generate --store no-metrics-closed --out song.mid", "song_metrics.parquet is damaged"),
    Case("generate --store no-weights --out song.mid", f"{MODEL}.safetensors: not a weight file"),
    Case("generate --store no-weights-closed --out song.mid", "the champion's weights are not complete"),
    Case("describe nowhere.mid", "nowhere.mid: no such file or folder"),
    Case("describe song.mid --out text", "text, line 1: not written by `emo describe`"),
    Case("describe song.mid --out binary", "binary, line 1: not written by `emo describe`"),
    Case("describe song.mid --out short.mid", "short.mid, line 1: not written by `emo describe`"),
    Case(LINK.format("msd.txt"), "msd.txt: is one of the tables to link"),
    Case("describe song.mid --out closed-file", "closed-file: Permission denied"),
    # places that cannot be written
    *(
        Case(command.format(path), f"{path}: {message}")
        for command in (LINK, GENERATE)
        for path, message in {
            "text/x.wav": "nothing can be written into {base}/text (Not a directory)",
            "closed/x.wav": "Permission denied",
            "protected/x.wav": "nothing can be written into {base}/protected (Permission denied)",
            "readonly/x.wav": "nothing can be written into {base}/readonly (Read-only file system)",
            "full/x.wav": "nothing can be written into {base}/full (No space left on device)",
            "/proc/x.wav": "nothing can be written into /proc (",
        }.items()
    ),
    Case(GENERATE.format("folder"), "folder: the file's ending must be one of .wav"),
    Case(LINK.format("folder"), "folder: is a folder; name a file in it"),
    Case(LINK.format("/dev/null"), "/dev/null: is not a regular file"),
    *(
        Case(f"compose {path} --songs 1", message)
        for path, message in {
            "text": "text/lmd_matched",
            "closed": "Permission denied",
            "protected/corpus": "protected/corpus: Permission denied",
            "readonly/corpus": "readonly/corpus: Read-only file system",
            "full/corpus": ".mid: No space left on device; free some space",
        }.items()
    ),
    *(
        Case(f"describe song.mid --workers 1 --out {path}", message)
        for path, message in {
            "folder": "folder: Is a directory",
            "text/lines": "text: File exists",
            "closed/lines": "closed/lines: Permission denied",
            "protected/new": "protected/new: Permission denied",
            "protected/lines.jsonl": "protected/lines.jsonl: Permission denied",
            "readonly/lines.jsonl": "readonly/lines.jsonl: Read-only file system",
            "full/lines": "full/lines: No space left on device; free some space",
        }.items()
    ),
    # stores
    *(
        Case(f"{command} --store {store}", message)
        for command in (
            "generate --out song.mid",
            "request calm",
            "request calm --preset joy",
            "studio --port 0",
        )
        for store, message in {
            "text": "text cannot be a store (it is a file)",
            "nowhere://x": "nowhere://x cannot be a store",
            "github://x": "github://x cannot be a store",
            "closed/store": "closed/store",
        }.items()
    ),
    Case("generate --out song.mid --store folder", "champion.json is missing"),
    Case("studio --store folder", "champion.json is missing"),
    Case("studio --store memory://songs", "serves songs from a folder of this machine"),
    Case("studio --port 0 --store protected", "protected/studio: Permission denied"),
    Case("studio --port 0 --store bad-queue", "journal.sqlite: the studio's task queue cannot be opened"),
    Case("studio --store store --host 203.0.113.9 --token 0123456789abcdef", "cannot listen on 203.0.113.9"),
    Case("request calm --store protected", "protected/requests: Permission denied"),
    Case("request calm --store readonly", "readonly/requests: Read-only file system"),
    Case("request calm --store full", "calm.yaml: No space left on device; free some space"),
    # the Dagster instance
    *(
        Case(f"request calm --store {store}{remove}", message, home)
        for store, remove in (("unmade", ""), ("store", " --remove"))
        for home, message in {
            None: "there is no Dagster instance here",
            "": "there is no Dagster instance here",
            "home": "DAGSTER_HOME is home, a relative path: set it to {base}/home",
            "data/dagster_home": "a relative path: set it to {base}/data/dagster_home",
            "{base}/nowhere": "DAGSTER_HOME is {base}/nowhere, which is not a folder",
            "{base}/text": "DAGSTER_HOME is {base}/text, which is not a folder",
            "{base}/home-yaml": "{base}/home-yaml cannot be opened (while parsing a flow node",
            "{base}/home-latin": "{base}/home-latin cannot be opened ('utf-8' codec",
            "{base}/home-unknown": "cannot be opened (Errors whilst loading dagster instance config",
            "{base}/home-module": "cannot be opened (",
            "{base}/home-database": "cannot be opened (file is not a database",
            "{base}/closed": "{base}/closed cannot be opened (",
            "{base}/protected": "{base}/protected cannot be opened (",
            "{base}/readonly": "{base}/readonly cannot be opened (",
            "{base}/full/home": "full/home cannot be opened (",
        }.items()
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.command}-{case.home}")
def test_bad_input_is_one_line_and_exit_code_2_and_nothing_is_written(
    case: Case, places: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    if any(
        name in case.command + str(case.home) and not os.path.ismount(places / name)
        for name in ("full", "readonly")
    ):
        pytest.skip("file systems cannot be mounted here")
    monkeypatch.chdir(places)
    if case.home is None:
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
    else:
        monkeypatch.setenv("DAGSTER_HOME", case.home.format(base=places))
    monkeypatch.setattr(sys, "argv", ["emo", *case.command.split()])
    before = listing(places)

    with file_permissions_apply(), pytest.raises(SystemExit) as exited:
        main()

    *others, line = capfd.readouterr().err.splitlines()
    assert (exited.value.code, line.startswith("emo: ")) == (2, True), line
    assert case.message.format(base=places) in line
    assert not any("Traceback" in other for other in others)
    assert listing(places) == before


def listing(folder: Path) -> list[str]:
    """Return the files that commands may not change, with their sizes: all but locks, instances, and those on
    the full disk.
    """
    return sorted(
        f"{path.relative_to(folder)} {path.lstat().st_size if path.is_file() else ''}"
        for path in folder.rglob("*")
        if path.suffix != ".lock"
        and not path.is_relative_to(folder / "full")
        and not path.parts[len(folder.parts)].startswith("home")
    )


def test_an_unexpected_error_is_one_line_that_names_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("no such\nkey")

    monkeypatch.setattr("emo_assets.synthetic_corpus.corpus.compose_corpus", fail)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["emo", "compose", "out"])
    with pytest.raises(SystemExit) as exited:
        main()
    assert exited.value.code == 1
    [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("emo:")]
    [log] = tmp_path.iterdir()
    assert line.startswith("emo: unexpected KeyError in test_cli_errors.py, line ")
    assert line.endswith(f"please report it with the log {log}")
    assert "Traceback" in log.read_text()
    assert "emo compose on Python 3" in log.read_text()


def test_an_unexpected_error_without_room_for_a_log_is_still_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("no result")

    monkeypatch.setattr("emo_assets.synthetic_corpus.corpus.compose_corpus", fail)
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    monkeypatch.setattr(sys, "argv", ["emo", "compose", "out"])
    with pytest.raises(SystemExit) as exited:
        main()
    assert exited.value.code == 1
    assert "no result (no log could be written: " in capsys.readouterr().err


def test_a_database_that_fails_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "/home")

    def fail() -> None:
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database is locked"))

    with pytest.raises(SystemExit) as exited:
        run(fail)
    assert exited.value.code == 2
    message = (
        "the database in /home cannot be used (database is locked); check its permissions and free space"
    )
    assert capsys.readouterr().err == f"emo: {message}\n"


@pytest.mark.parametrize(
    ("redirection", "code", "message"),
    [
        (">/dev/full", 2, "No space left on device; free some space"),
        (">/dev/full 2>/dev/full", 2, ""),
        (">&-", 0, ""),
        ("<&- >&- 2>&-", 0, ""),
    ],
)
def test_standard_streams_may_be_full_or_closed(redirection: str, code: int, message: str) -> None:
    command = f"exec '{sys.executable}' -m emo_assets.cli --help {redirection}"
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert result.returncode == code
    assert message in result.stderr
    assert result.stderr.count("\n") == bool(message)


def test_every_command_is_among_the_cases() -> None:
    commands = {command.callback.__name__ for command in app.registered_commands if command.callback}
    assert commands == {case.command.split()[0] for case in CASES}
