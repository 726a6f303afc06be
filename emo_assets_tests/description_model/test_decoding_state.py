"""What a song may continue with while it is generated."""

from __future__ import annotations

import numpy as np
import pytest

from emo_assets.description_model.data.output_vocab import BAR, KIND_INDEX, KINDS, output_vocab
from emo_assets.description_model.decoding_state import MAX_CHORDS_PER_BAR, DecodingState
from emo_assets.description_model.specs import model_spec
from emo_assets.features import FeatureVector
from emo_assets.nn.sampling import SamplingParams
from emo_assets.tokens.vocabulary import DESCRIPTIONS, TIME_SIGNATURES, DescriptionKind

GREEDY = SamplingParams(temperature=0, top_p=1, guidance=1)
VOCAB = output_vocab(model_spec("lstm_full").target_kinds)


def generate(
    start: int, stop: int, favorite: DescriptionKind, *, state: DecodingState | None = None
) -> DecodingState:
    """Generate a window with a model that prefers one kind of token wherever the grammar allows it."""
    if state is None:
        features = FeatureVector(time_signature=3)
        state = DecodingState(VOCAB, features, [[] for _ in range(stop)], np.random.default_rng(0))
    state.start_window(start, stop)
    preferred = np.where(VOCAB.kind_index == KINDS.index(favorite), 0.0, -9.0)
    while not state.is_finished:
        step = state.next_input()
        state.append_sample(np.where(VOCAB.allowed[step.inputs], preferred, -np.inf), GREEDY)
    return state


def kinds(bar: list[int]) -> list[DescriptionKind]:
    return [KINDS[KIND_INDEX[token]] for token in bar]


@pytest.mark.parametrize("favorite", [DescriptionKind.CHORD, DescriptionKind.BAR, DescriptionKind.INSTRUMENT])
def test_a_window_has_its_bars_in_the_requested_meter(favorite: DescriptionKind) -> None:
    bars = generate(0, 3, favorite).bars
    meter = DESCRIPTIONS.span(DescriptionKind.TIME_SIGNATURE)[TIME_SIGNATURES.index((3, 4))]

    assert len(bars) == 3
    assert all(bar[:2] == [BAR, meter] for bar in bars)


def test_bars_end_after_so_many_chords() -> None:
    bars = generate(0, 2, DescriptionKind.CHORD).bars

    assert [kinds(bar).count(DescriptionKind.CHORD) for bar in bars] == [MAX_CHORDS_PER_BAR] * 2


def test_the_first_bar_has_an_instrument() -> None:
    bars = generate(0, 2, DescriptionKind.BAR).bars

    assert DescriptionKind.INSTRUMENT in kinds(bars[0])
    assert DescriptionKind.INSTRUMENT not in kinds(bars[1])


def test_the_next_window_reads_the_overlapping_bars_again() -> None:
    state = generate(0, 3, DescriptionKind.INSTRUMENT)
    first = [*state.bars]
    generate(1, 4, DescriptionKind.BAR, state=state)

    assert state.bars[:3] == first
    assert len(state.bars) == 4
