"""What a plan does to the logits: instruments, chords, density and the ending."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from emo_assets.description_model.band import Band
from emo_assets.description_model.data.output_vocab import BAR, output_vocab
from emo_assets.description_model.form_constraint import MAX_HOLD_BARS, FormConstraint, InstrumentCounter
from emo_assets.description_model.song_form import SongForm, plan_form
from emo_assets.description_model.specs import model_spec
from emo_assets.midi.general_midi import DRUMS
from emo_assets.tokens.vocabulary import DESCRIPTIONS, EOS, DescriptionKind

VOCAB = output_vocab(model_spec("lstm_full").target_kinds)
DENSITY = output_vocab(model_spec("lstm_density").target_kinds)
PIANO, BASS = 0, 33
[METER, PIANO_TOKEN, BASS_TOKEN, DRUMS_TOKEN] = DESCRIPTIONS.encode(
    [
        "Time Signature_4/4",
        "Instrument_Acoustic Grand Piano",
        "Instrument_Electric Bass (finger)",
        "Instrument_drum",
    ]
)
[C, F, G, NO_CHORD] = DESCRIPTIONS.encode(["Chord_C:maj", "Chord_F:maj", "Chord_G:maj", "Chord_N:N"])
HEAD = [
    BAR,
    METER,
    *(
        DESCRIPTIONS.span(kind)[value]
        for kind, value in (
            (DescriptionKind.NOTE_DENSITY, 4),
            (DescriptionKind.MEAN_VELOCITY, 20),
            (DescriptionKind.MEAN_PITCH, 15),
            (DescriptionKind.MEAN_DURATION, 28),
        )
    ),
]
BAND = Band(PIANO, BASS, None, True, ())
PLAYED = [*HEAD, PIANO_TOKEN, BASS_TOKEN, DRUMS_TOKEN]


def bar(*chords: int) -> list[int]:
    return [*PLAYED, *chords]


def constraint(form: SongForm) -> FormConstraint:
    return FormConstraint(VOCAB, form, BAND, tonic=0, mode=1)


def tokens(logits: NDArray[np.float64]) -> set[int]:
    return set(VOCAB.token_ids[np.isfinite(logits)].tolist())


def next_tokens(form: SongForm, bars: list[list[int]], prefix: list[int]) -> set[int]:
    logits = np.where(VOCAB.allowed[prefix[-1]], 0.0, -np.inf)
    return tokens(constraint(form)(logits, bars, prefix))


def test_the_band_plays_then_at_least_one_chord_follows() -> None:
    form = plan_form(4, 0)

    assert next_tokens(form, [], HEAD) == {PIANO_TOKEN}
    assert next_tokens(form, [], [*HEAD, PIANO_TOKEN]) == {BASS_TOKEN}
    assert next_tokens(form, [], PLAYED[:-1]) == {DRUMS_TOKEN}
    chords = next_tokens(form, [], PLAYED)
    assert C in chords
    assert not chords & {NO_CHORD, BAR, EOS}
    assert {C, BAR, EOS} <= next_tokens(form, [], bar(C))


def test_a_bar_with_a_source_has_its_chords() -> None:
    form = plan_form(16, 0)
    index = next(number for number, plan in enumerate(form.bars) if plan.source is not None)
    bars = [bar(G, F)] * index

    assert next_tokens(form, bars, PLAYED) == {G}
    assert next_tokens(form, bars, bar(G)) == {F}
    assert next_tokens(form, bars, bar(G, F)) == {BAR, EOS}


def test_no_chord_holds_for_more_than_four_bars() -> None:
    form = plan_form(16, 0)
    index = next(number for number, plan in enumerate(form.bars) if plan.source is not None)

    assert C in next_tokens(form, [bar(C)] * (MAX_HOLD_BARS - 1), PLAYED)
    assert C not in next_tokens(form, [bar(C)] * index, PLAYED)


def test_the_last_bar_is_a_long_tonic_with_few_notes() -> None:
    form, before = plan_form(4, 0), [bar(C), bar(F), bar(G)]

    assert next_tokens(form, before, PLAYED) == {C}
    assert next_tokens(form, before, bar(C)) == {BAR, EOS}
    densities = next_tokens(form, before, HEAD[:2])
    assert densities == set(DESCRIPTIONS.span(DescriptionKind.NOTE_DENSITY)[:2])
    assert min(next_tokens(form, before, HEAD[:5])) == HEAD[5]


def test_a_model_of_one_kind_follows_the_plan_by_bars() -> None:
    form = plan_form(16, 0)
    index = next(number for number, plan in enumerate(form.bars) if plan.source is not None)
    density = DESCRIPTIONS.span(DescriptionKind.NOTE_DENSITY)
    process = FormConstraint(DENSITY, form, BAND, tonic=0, mode=1)
    logits = process(np.zeros(len(DENSITY.token_ids)), [[density[20]]] * index, [])

    allowed = DENSITY.token_ids[np.isfinite(logits)] - density.start
    assert np.abs(allowed - 20).max() <= 1


def test_instruments_are_counted_as_expected() -> None:
    counter = InstrumentCounter(VOCAB)
    logits = np.full(len(VOCAB.token_ids), -np.inf)
    logits[VOCAB.index[[PIANO_TOKEN, DRUMS_TOKEN]]] = np.log([0.25, 0.75])

    assert counter(logits, [], HEAD) is logits
    assert counter.expected[[PIANO, DRUMS]] == pytest.approx([0.25, 0.75])
