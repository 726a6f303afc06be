"""A composed song: its parts, and the truth about it that estimators can be held against."""

from __future__ import annotations

from dataclasses import dataclass

from emo_assets.features import FeatureVector
from emo_assets.midi.writer import Part, encode_midi
from emo_assets.synthetic_corpus.form import Section
from emo_assets.synthetic_corpus.musical_params import MusicalParams
from emo_assets.synthetic_corpus.progression import ChordSpan
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

RESOLUTION = 480
"""Ticks a quarter note of all composed songs."""

TICKS_PER_POSITION = RESOLUTION // POSITIONS_PER_QUARTER


@dataclass(frozen=True)
class Song:
    """A composed song.

    Attributes:
        features: what it was composed from; key, mode, tempo and meter are exactly theirs.
        style: the style's name.
        bars: bars as written in the file.
        parts: what each instrument plays; notes in ticks, `RESOLUTION` to the quarter note.
        lead_programs: programs of the parts that sing; empty when nothing is sung.
        sections: the form, in felt bars (those of a 1/4 song are four written ones).
        chords: the chords, in positions from the start.
        feel: the musical quantities that the features were turned into.
    """

    features: FeatureVector
    style: str
    bars: int
    parts: tuple[Part, ...]
    lead_programs: tuple[int, ...]
    sections: tuple[Section, ...]
    chords: tuple[ChordSpan, ...]
    feel: MusicalParams

    @property
    def resolution(self) -> int:
        """Ticks a quarter note."""
        return RESOLUTION

    @property
    def seconds(self) -> float:
        """How long its bars last."""
        return self.bars * self.features.time_signature * 60 / self.features.tempo

    def to_midi(self) -> bytes:
        """Return a Standard MIDI File with one tempo and one time signature, both at its start."""
        return encode_midi(
            self.parts,
            resolution=RESOLUTION,
            tempos=((0, self.features.tempo),),
            time_signatures=((0, self.features.time_signature, 4),),
        )
