from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from emo_assets.cli import main
from emo_assets.errors import WorkerError
from emo_assets.song_request import read_request


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["emo", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    assert isinstance(left.value.code, int)
    return left.value.code


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["generate", "--out", "x.wav", "--tempo", "-3"], "tempo must be at least 30, got '-3'"),
        (["generate", "--out", "x.wav", "--energy", "loud"], "energy must be a number, got 'loud'"),
        (["generate", "--out", "x.wav", "--bars", "0"], "bars must be at least 1, got 0"),
        (["generate", "--out", "x.xyz"], "x.xyz: the file's ending must be one of .wav, .ogg"),
        (["generate", "--out", f"{__file__}/x.wav"], f"nothing can be written into {__file__}"),
        (["generate", "--out", "x.wav", "--sound-font", "x.sf2"], "x.sf2: no such sound font"),
        (["generate", "--out", "x.wav", "--sound-font", __file__], "is not a sound font"),
        (["generate", "--out", "x.wav", "--preset", "../x"], "name may hold only a-z"),
        (["generate", "--out", "x.wav", "--preset", "nothing"], "unknown preset 'nothing'"),
        (["generate"], "Missing option '--out'"),
        (["request", "../up"], "name may hold only a-z"),
        (["link", "--spotify", "nowhere.csv", "--msd", "x", "--out", "y"], "nowhere.csv"),
        (["compose"], "Missing argument"),
        (["compose", "out", "--songs", "many"], "Invalid value for '--songs'"),
        (["describe", "nowhere.mid"], "nowhere.mid"),
        (["describe", os.devnull, "--out", "."], ".: Is a directory"),
        (["compose", os.devnull, "--songs", "1"], "Not a directory"),
        (["studio"], "champion.json is missing, so no songs can be made yet: run `make demo` first"),
        (["studio", "--host", "0.0.0.0"], "needs a token of 16 characters or more"),
        (["studio", "--host", "0.0.0.0", "--token", "short"], "the token must have 16 characters or more"),
        (["studio", "--sound-font", "x.sf2"], "x.sf2: no such sound font"),
        (["studio", "--port", "70000"], "Invalid value for '--port'"),
        (["studio", "--store", "memory://songs"], "serves songs from a folder of this machine"),
        (["request", "joy", "--store", "nowhere://x"], "nowhere://x cannot be a store"),
        (["dance"], "No such command 'dance'"),
    ],
)
def test_wrong_input_is_one_clear_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, *arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("emo: ")
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_without_a_command_the_help_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch) == 0
    shown = capsys.readouterr().out
    for command in ("compose", "describe", "link", "generate", "request"):
        assert f"  {command} " in shown


def test_every_feature_is_an_option_with_its_range(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "generate", "--help") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "--time-signature VALUE" in shown
    assert "[-60 to 5; default -8]" in shown
    assert "[0 to 11, or a name: C, C#, Db …; default 0]" in shown
    assert "[0 or minor, 1 or major; left out, it follows valence and energy]" in shown


def test_a_request_without_an_instance_says_where_to_go(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    assert run(monkeypatch, "request", "calm") == 2
    assert "there is no Dagster instance here" in capsys.readouterr().err


def test_a_request_is_written_and_registered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import dagster as dg

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    assert run(monkeypatch, "request", "calm", "--valence", "0.25", "--seed", "7") == 0
    written = read_request(tmp_path / "data" / "requests" / "calm.yaml")
    assert (written.features.valence, written.seed) == (0.25, 7)
    assert "--partition calm" in capsys.readouterr().out
    with dg.DagsterInstance.get() as instance:
        assert list(instance.get_dynamic_partitions("requests")) == ["calm"]
    assert run(monkeypatch, "request", "calm") == 0
    assert read_request(tmp_path / "data" / "requests" / "calm.yaml") == written


def test_a_request_that_leaves_mode_and_tempo_open_is_written_with_what_its_seed_draws(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    for name, options in {"one": ["--seed", "3"], "same": ["--seed", "3"], "other": ["--seed", "4"]}.items():
        assert run(monkeypatch, "request", name, "--valence", "0.25", *options) == 0
    assert run(monkeypatch, "request", "named", "--tempo", "120", "--mode", "major", "--seed", "3") == 0
    requests = tmp_path / "data" / "requests"
    one, same, other, named = (
        read_request(requests / f"{name}.yaml").features for name in ("one", "same", "other", "named")
    )
    assert one == same
    assert one.tempo != other.tempo
    assert (named.tempo, named.mode) == (120, 1)
    assert f"tempo: {one.tempo}" in (requests / "one.yaml").read_text()


@pytest.mark.slow
def test_the_printed_command_works_from_any_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    store = tmp_path / "a checkout" / "data"
    (store / "dagster_home").mkdir(parents=True)
    (store / "dagster_home" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.chdir(tmp_path / "a checkout")
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    assert run(monkeypatch, "request", "calm") == 0
    command = capsys.readouterr().out.splitlines()[-1]
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    ran = subprocess.run(command, shell=True, cwd="/", env=environment, capture_output=True, text=True)
    assert (store / "assets" / "requested_features" / "calm.json").exists(), ran.stderr
    assert "is missing: run `make demo`" in ran.stderr, "there is no champion"


def test_the_command_of_another_store_is_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    home = tmp_path / "store" / "dagster_home"
    home.mkdir(parents=True)
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    assert run(monkeypatch, "request", "calm", "--store", "store") == 0
    command = capsys.readouterr().out.splitlines()[-1]
    assert command.startswith(f"  DAGSTER_HOME={home} ")
    assert command.endswith(f"/emo request calm --run --store {tmp_path / 'store'}")


def test_midi_files_are_described_one_json_line_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from emo_assets.midi.writer import Note, Part, encode_midi

    notes = [Note(beat * 480, beat * 480 + 240, 60 + beat, 90) for beat in range(8)]
    (tmp_path / "scale.mid").write_bytes(encode_midi([Part(0, False, notes)]))
    (tmp_path / "song.RMI").write_bytes(b"RIFF....RMIDdata...." + encode_midi([Part(0, False, notes)])[:-9])
    (tmp_path / "words.mid").write_text("these are words")
    (tmp_path / "word.mid").write_text("word")
    (tmp_path / "short.mid").write_bytes(b"MT")
    assert run(monkeypatch, "describe", str(tmp_path), "--workers", "1") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    by_name = {Path(line["file"]).name: line for line in lines}
    assert by_name["scale.mid"]["description"][:2] == ["Bar_1", "Time Signature_4/4"]
    assert "not a MIDI file" in by_name["words.mid"]["error"]
    assert "not a MIDI file" in by_name["word.mid"]["error"]
    assert "cut off" in by_name["short.mid"]["error"]
    assert "repairs" not in by_name["scale.mid"]
    assert by_name["song.RMI"]["repairs"] == ["RIFF container unpacked", "tracks cut off: 1"]
    assert by_name["song.RMI"]["description"][:2] == ["Bar_1", "Time Signature_4/4"]
    assert run(monkeypatch, "describe", str(tmp_path / "song.RMI"), "--strict", "--workers", "1") == 0
    assert "not a MIDI file" in json.loads(capsys.readouterr().out)["error"]


def test_workers_that_do_not_start_are_one_line_and_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise WorkerError("worker processes do not start")

    monkeypatch.setattr("emo_assets.tokens.batch.run_tasks", fail)
    assert run(monkeypatch, "describe", str(tmp_path)) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "emo: worker processes do not start"


def test_describing_resumes_in_a_file_and_makes_its_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one.mid", "two.mid"):
        Path(name).write_bytes(b"MT")
    arguments = ("describe", "one.mid", "two.mid", "--workers", "1", "--out", "new/out.jsonl")
    assert run(monkeypatch, *arguments) == 0
    whole = Path("new/out.jsonl").read_text()
    Path("new/out.jsonl").write_text(whole[: len(whole) // 2 + 9])
    assert run(monkeypatch, *arguments) == 0
    assert Path("new/out.jsonl").read_text() == whole


@pytest.mark.parametrize("module", ["emo_assets.cli", "emo_assets.definitions"])
def test_loading_imports_no_model_library(module: str) -> None:
    heavy = "{'torch', 'pretty_midi', 'matplotlib', 'pandas', 'scipy', 'soundfile', 'numpy'}"
    script = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
