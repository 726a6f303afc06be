from __future__ import annotations

import re
from pathlib import Path

import pytest
import soundfile

from emo_assets.features import FeatureVector
from emo_assets.generation import (
    COMPOSING,
    DESCRIBING,
    RENDERING,
    generate_track,
    load_models,
    output_file,
    render_track,
    track_files,
)
from emo_assets.metrics.song_metrics import MeasuredSong
from emo_assets.song_request import TrackRequest
from emo_assets.store import Store


def test_the_whole_way_and_its_stages_give_the_same_track(models: Path, tmp_path: Path) -> None:
    store = Store(tmp_path)
    loaded = load_models(Store(models))
    request = TrackRequest(name="song", bars=2, seed=1, features=FeatureVector(tempo=150))
    stages: list[str] = []
    track = generate_track(
        request,
        loaded,
        track_files(store, "song"),
        progress=lambda stage, done, total: stages.append(stage),
    )
    assert list(dict.fromkeys(stages)) == [DESCRIBING, COMPOSING, RENDERING]
    assert track.champion == loaded.champion
    assert len(track.description) > 0
    files = {kind: Path(str(path)) for kind, path in track.files.items()}
    assert files["midi"].read_bytes() == track.midi
    assert files["piano_roll"].read_bytes() == track.piano_roll
    assert soundfile.info(files["wav"]).duration == pytest.approx(track.seconds)

    again = render_track(
        request,
        MeasuredSong.from_midi(track.midi),
        output_file(tmp_path / "again.wav"),
        loaded.calibration.ear,
    )
    assert (tmp_path / "again.wav").read_bytes() == files["wav"].read_bytes()
    assert again.as_document() == track.as_document() | {"files": {"wav": str(tmp_path / "again.wav")}}
    assert again.piano_roll == b""

    lines = track.summary().splitlines()
    rows = {line.split()[0]: line for line in lines if line.startswith("  ") and "/" not in line}
    assert re.fullmatch(
        r"  valence +0\.60 +\d\.\d\d \(\d\.\d\d to \d\.\d\d\) +an ear .*ratings", rows["valence"]
    )
    assert re.fullmatch(r"  tempo +150 BPM +150 BPM +the notes", rows["tempo"])
    assert re.fullmatch(r"  loudness +-8\.0 dB +-\d+\.\d dB +the loudness of the sound", rows["loudness"])


@pytest.mark.parametrize("suffix", ["wav", "ogg", "flac", "mp3", "WAV", "Mp3"])
def test_a_single_file_has_the_format_of_its_suffix(tmp_path: Path, suffix: str) -> None:
    assert output_file(tmp_path / f"song.{suffix}") == {suffix.lower(): tmp_path / f"song.{suffix}"}
    assert output_file(tmp_path / "song.MID") == {"midi": tmp_path / "song.MID"}
