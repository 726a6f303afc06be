"""A description as a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emo_assets.midi.general_midi import INSTRUMENT_NAMES
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets.tokens.quantization import (
    MEAN_PITCH_BINS,
    MEAN_VELOCITY_BINS,
    NOTE_DENSITY_BINS,
    POSITIONS_PER_QUARTER,
)
from emo_assets.tokens.vocabulary import CHORDS


def description_rows(tokens: Sequence[int]) -> list[dict[str, Any]]:
    """Return one row per bar of a description: real values in place of bins, names in place of indices.

    Args:
        tokens: token ids without `<bos>` and `<eos>`.

    Raises:
        GrammarError: they are not a description.
    """
    return [
        {
            "bar": number,
            "notes a beat": round(float(NOTE_DENSITY_BINS[bar.note_density]) * POSITIONS_PER_QUARTER, 1),
            "velocity": int(MEAN_VELOCITY_BINS[bar.mean_velocity]),
            "pitch": int(MEAN_PITCH_BINS[bar.mean_pitch]),
            "chords": " ".join(CHORDS[chord] for chord in bar.chords),
            "instruments": ", ".join(INSTRUMENT_NAMES[instrument] for instrument in bar.instruments),
        }
        for number, bar in enumerate(DescriptionGrammar().parse(tokens), 1)
    ]
