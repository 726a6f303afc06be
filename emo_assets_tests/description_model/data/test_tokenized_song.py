"""Songs as steps: targets, hints and windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_assets.description_model.data.copy_features import CopyFeatureTracker
from emo_assets.description_model.data.output_vocab import BAR, output_vocab, split_bars
from emo_assets.description_model.data.tokenized_song import TokenizedSong
from emo_assets.description_model.specs import MODEL_SPECS, WINDOW_BARS, ModelSpec, model_spec
from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar
from emo_assets.tokens.vocabulary import BOS, EOS

described_bars = st.builds(
    DescribedBar,
    time_signature=st.integers(0, 2),
    note_density=st.integers(0, 2),
    mean_velocity=st.integers(0, 2),
    mean_pitch=st.integers(0, 2),
    mean_duration=st.integers(0, 2),
    instruments=st.sets(st.integers(0, 3)).map(lambda chosen: tuple(sorted(chosen))),
    chords=st.lists(st.integers(0, 2), max_size=3).map(tuple),
)


@st.composite
def songs(draw: st.DrawFn) -> list[list[int]]:
    """Draw a song's bars with few different tokens, so that much repeats."""
    bars = draw(st.lists(described_bars, min_size=1, max_size=30))
    return split_bars(DescriptionGrammar().format(bars))


@pytest.mark.parametrize("spec", MODEL_SPECS, ids=lambda spec: spec.name)
@given(bars=songs(), start=st.integers(0, 29), length=st.integers(1, WINDOW_BARS))
@settings(max_examples=25, deadline=None)
def test_windows_have_the_copy_features_that_a_tracker_computes(
    spec: ModelSpec, bars: list[list[int]], start: int, length: int
) -> None:
    start = min(start, len(bars) - 1)
    stop = min(start + length, len(bars))
    vocab = output_vocab(spec.target_kinds)

    window = TokenizedSong(bars, 1, vocab).window(start, stop)

    tracker = CopyFeatureTracker(vocab.has_bars)
    first = 1 if vocab.has_bars else 0  # the step from BOS to the first bar
    full = stop - start == WINDOW_BARS
    for step in range(first, len(window.targets)):
        assert window.bars[step] == tracker.bar
        hints = tracker.hints if full else np.where(tracker.hints == EOS, BAR, tracker.hints)
        np.testing.assert_array_equal(window.hints[step], hints)
        np.testing.assert_array_equal(window.agreement[step], tracker.agreement)
        target = int(window.targets[step])
        tracker.append(BAR if target == EOS else target)


@given(bars=songs())
@settings(max_examples=25, deadline=None)
def test_a_full_window_has_bos_and_the_description_as_inputs_and_the_description_and_eos_as_targets(
    bars: list[list[int]],
) -> None:
    window = TokenizedSong(bars, 1, output_vocab(model_spec("lstm_full").target_kinds)).window(
        0, min(len(bars), 12)
    )
    tokens = [token for bar in bars[:12] for token in bar]

    assert window.inputs.tolist() == [BOS, *tokens]
    assert window.targets.tolist() == [*tokens, EOS]


def test_a_window_outside_the_song_is_refused() -> None:
    steps = TokenizedSong([[BAR]] * 3, 1, output_vocab(model_spec("lstm_full").target_kinds))

    with pytest.raises(ValueError, match="no window"):
        steps.window(1, 4)
