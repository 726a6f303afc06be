from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from emo_assets import bundle_weights
from emo_assets.figaro.config import TRAININGS, TrainingConfig
from emo_assets.figaro.generate import Figaro
from emo_assets.figaro.inputs import TrainingSong
from emo_assets.figaro.training_batches import held_out_batches
from emo_assets.figaro.weights import BUNDLED, bundled_bytes, from_bytes, read_provenance
from emo_assets.tokens.grammar.events import EventGrammar
from emo_assets.tokens.vocabulary import PAD
from emo_assets_tests.figaro import conftest
from emo_assets_tests.figaro.conftest import LITTLE

midi, songs, descriptions = conftest.midi, conftest.songs, conftest.descriptions

MAX_BYTES = 15_000_000
"""Of the weights in the package."""


def test_composed_songs_become_weights_and_a_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    little = TrainingConfig(network=LITTLE, steps=4, batch=2, held_out_share=0.5, evaluate_every=2)
    monkeypatch.setitem(TRAININGS, "small", little)
    monkeypatch.setattr(bundle_weights, "FOLDER", tmp_path / "bundled")
    monkeypatch.setattr(bundle_weights, "MEASURED_SONGS", 2)
    assert bundle_weights.main(["--songs", "8", "--seed", "4"]) == 0
    card = (tmp_path / "bundled" / "MODEL_CARD.md").read_text()
    assert "--songs 8 --seed 4" in card
    assert "| 4 | " in card
    assert "| groove | " in card
    content = (tmp_path / "bundled" / BUNDLED).read_bytes()
    assert from_bytes(content).config == LITTLE
    assert read_provenance(content)["data"] == "8 songs of the built-in composer, seed 4"


def test_no_songs_are_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert bundle_weights.main(["--songs", "0", "--seed", "1"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_bundled_weights_are_small_and_say_where_they_came_from() -> None:
    content = bundled_bytes()
    assert len(content) <= MAX_BYTES
    assert set(read_provenance(content)) == {"data", "steps", "held_out_perplexity"}
    card = (Path(str(resources.files("emo_assets.figaro"))) / "bundled" / "MODEL_CARD.md").read_text()
    assert read_provenance(content)["held_out_perplexity"] in card


def test_the_bundled_weights_know_composed_music(songs: list[TrainingSong]) -> None:
    network = from_bytes(bundled_bytes())
    context = network.config.context
    losses = []
    for batch in held_out_batches(songs, limit=4, windows=4, context=context):
        ids = {name: torch.from_numpy(values) for name, values in batch._asdict().items()}
        with torch.inference_mode():
            memory = network.encode(ids["description"], ids["description_bars"])
            logits = network(ids["events"], ids["bars"], ids["positions"], memory)
        losses.append(F.cross_entropy(logits.flatten(0, 1), ids["targets"].flatten(), ignore_index=PAD))
    assert np.exp(np.mean(losses)) < 2.5


def test_the_bundled_weights_write_a_song_with_the_band_that_was_asked_for(
    descriptions: list[list[int]], songs: list[TrainingSong]
) -> None:
    [events] = Figaro(from_bytes(bundled_bytes())).generate(descriptions[:1], tempos=[120], seeds=[1])
    written = EventGrammar().parse(events)
    truth = EventGrammar().parse(songs[0].events[1:-1].tolist())
    assert len(written) == len(truth)
    played = {note.instrument for bar in written for note in bar.notes}
    assert played == {note.instrument for bar in truth for note in bar.notes}
    notes, true_notes = (sum(len(bar.notes) for bar in piece) for piece in (written, truth))
    assert 0.6 < notes / true_notes < 1.5
