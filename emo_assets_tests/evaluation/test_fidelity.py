from __future__ import annotations

import pytest

from emo_assets.errors import InputError
from emo_assets.evaluation.fidelity import fidelity_report, unseen_songs
from emo_assets.figaro.generate import Figaro
from emo_assets.figaro.training import is_held_out, song_of
from emo_assets.tokens.tokenize import tokenize_midi
from emo_assets_tests.figaro.conftest import LITTLE, random_network


def test_the_report_has_a_ceiling_above_and_a_floor_below(midi: list[bytes]) -> None:
    report = fidelity_report(Figaro(random_network(LITTLE)), unseen_songs([*midi[:4], b"no MIDI"], 8), bars=3)
    assert set(report["songs"]) == {4}
    better = report.drop("density_error")
    assert (better["ceiling"] >= better["floor"] - 1e-9).all()
    assert report.loc["instrument_f1", "ceiling"] == 1
    assert report.loc["time_signature", "written"] == 1
    assert "best" not in report
    with pytest.raises(InputError, match="at least two"):
        fidelity_report(Figaro(random_network(LITTLE)), unseen_songs(midi[:1], 8))


def test_unseen_songs_are_those_that_a_training_left_out(midi: list[bytes]) -> None:
    songs = [tokenize_midi(content) for content in midi]
    left_out = [tokens for tokens in songs if is_held_out(song_of(tokens), 0.5)]
    assert 2 <= len(left_out) < len(midi)
    assert unseen_songs([b"no MIDI", *midi], 8, held_out_share=0.5) == left_out
    assert unseen_songs([b"no MIDI", *midi], 3) == songs[:3]


def test_no_more_files_are_read_than_needed(midi: list[bytes]) -> None:
    files = iter(midi)
    unseen_songs(files, 2)
    assert next(files) == midi[2]
