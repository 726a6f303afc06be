"""What every player reads: the song's plan, and the sounds that players write before they are performed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from emo_assets.features import FeatureVector
from emo_assets.synthetic_corpus.form import Section
from emo_assets.synthetic_corpus.harmony import Chord
from emo_assets.synthetic_corpus.meter import Meter
from emo_assets.synthetic_corpus.musical_params import MusicalParams
from emo_assets.synthetic_corpus.progression import ChordSpan
from emo_assets.synthetic_corpus.style import Style
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER


class Sound(NamedTuple):
    """A note on paper: start and length in positions, pitch, and velocity above or below the song's mean."""

    start: int
    length: int
    pitch: int
    accent: float


@dataclass(frozen=True)
class LeadSheet:
    """A song's plan: everything that is settled before any player writes a note.

    Attributes:
        features: what was asked for.
        style: the style.
        feel: the musical quantities.
        meter: the meter.
        sections: the form, in felt bars.
        chords: the chords, in order and without gaps.
        moved: for each felt bar where the band plays strokes that a steady groove has elsewhere: position in
            the bar to position in the bar. All players of the rhythm section move together.
    """

    features: FeatureVector
    style: Style
    feel: MusicalParams
    meter: Meter
    sections: tuple[Section, ...]
    chords: tuple[ChordSpan, ...]
    moved: tuple[dict[int, int], ...]

    @property
    def bars(self) -> int:
        """Felt bars of the song."""
        return self.sections[-1].first_bar + self.sections[-1].bars

    @property
    def last_bar_start(self) -> int:
        """Position at which the last bar starts, in which everybody holds the final chord."""
        return (self.bars - 1) * self.meter.positions

    @cached_property
    def _span_at_beat(self) -> list[ChordSpan]:
        spans: list[ChordSpan] = []
        for span in self.chords:
            spans += [span] * ((span.end - span.start) // POSITIONS_PER_QUARTER)
        return spans

    def span_at(self, position: int) -> ChordSpan:
        """Return the chord that sounds at `position`, with its start and end."""
        beats = self._span_at_beat
        return beats[min(position // POSITIONS_PER_QUARTER, len(beats) - 1)]

    def chord_at(self, position: int) -> Chord:
        """Return the chord that sounds at `position`."""
        return self.span_at(position).chord
