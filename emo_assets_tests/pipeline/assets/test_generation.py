from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emo_assets.audio.files import measure_audio, write_audio
from emo_assets.errors import InputError
from emo_assets.pipeline.assets.generation import check_grammar, check_notes, check_sound
from emo_assets.pipeline.checks import CheckOutcome
from emo_assets.store import Store
from emo_assets_tests.pipeline.good_store import (
    RATE,
    REQUEST,
    tokens_of,
    tone,
    write_document,
    write_midi,
    write_sound,
)


def described(tmp_path: Path, tokens: list[int]) -> CheckOutcome:
    write_document(Store(tmp_path), "track_description", {"champion": "v1", "tokens": tokens})
    return check_grammar(Store(tmp_path), REQUEST)


def played(tmp_path: Path, *, notes: int = 8, tempo: float = 120.0, meter: int = 4) -> CheckOutcome:
    write_midi(Store(tmp_path), notes=notes, tempo=tempo, meter=meter)
    return check_notes(Store(tmp_path), REQUEST)


def test_check_grammar(tmp_path: Path) -> None:
    assert described(tmp_path, tokens_of(1, 2)).passed
    assert "is not a description" in described(tmp_path, tokens_of(1, 2)[:3]).summary
    assert described(tmp_path, tokens_of(1, 1)).problems == ["has 1 bars, requested were 2"]


def test_check_notes(tmp_path: Path) -> None:
    assert played(tmp_path).passed
    assert "has no notes" in played(tmp_path, notes=0).summary
    assert played(tmp_path, notes=12).problems == ["has 3 bars, requested were 2"]
    assert played(tmp_path, meter=3, notes=6).problems == ["is in 3/4, requested was 4/4"]
    (Store(tmp_path).assets / "track_midi" / f"{REQUEST.name}.mid").write_bytes(b"MThd")
    assert check_notes(Store(tmp_path), REQUEST).summary.startswith("cannot be read")


def sound(tmp_path: Path, samples: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> str:
    write_sound(Store(tmp_path), samples)
    return check_sound(Store(tmp_path), REQUEST).summary


def test_check_sound(tmp_path: Path) -> None:
    assert sound(tmp_path, tone(4.0)) == "no problems"
    assert sound(tmp_path, tone(0.5)) == "is 0.5 s long, not 1.0 to 19.0"
    assert sound(tmp_path, tone(20.0)) == "is 20.0 s long, not 1.0 to 19.0"
    assert sound(tmp_path, tone(4.0) * 3.3).startswith("peaks at -0.1 dBFS, above -0.9")
    click = np.zeros_like(tone(4.0))
    click[::RATE] = 0.02
    assert sound(tmp_path, click).endswith("LUFS, which is hardly audible")
    assert sound(tmp_path, tone(4.0) * 0.001) == "is silent: 4.0 s below -50 dBFS"
    hole = tone(18.0)
    hole[RATE : 10 * RATE] = 0
    assert sound(tmp_path, hole) == "is silent for 9.0 s in the middle"


def test_check_sound_of_a_missing_or_damaged_file(tmp_path: Path) -> None:
    assert "cannot be read" in check_sound(Store(tmp_path), REQUEST).summary
    path = tmp_path / "tracks" / REQUEST.name / f"{REQUEST.name}.wav"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"RIFF")
    assert "is not an audio file, or damaged" in check_sound(Store(tmp_path), REQUEST).summary


def test_measure_audio(tmp_path: Path) -> None:
    path = tmp_path / "tone.flac"
    write_audio(tone(2.0), RATE, path)
    inspected = measure_audio(path)
    assert inspected.seconds == 2.0
    assert inspected.peak == pytest.approx(20 * np.log10(0.3), abs=0.01)
    assert -14 < inspected.loudness < -9
    assert inspected.longest_silence == 0
    write_audio(np.zeros((RATE, 2), np.float32), RATE, path)
    silent = measure_audio(path)
    assert silent.peak == silent.loudness == float("-inf")
    assert silent.longest_silence == pytest.approx(1.0)
    with pytest.raises(InputError, match="cannot be read"):
        measure_audio(tmp_path / "none.flac")
