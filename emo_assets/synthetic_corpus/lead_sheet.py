"""The plan of a song, which all parts are written from, and notes before they are performed."""

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
from emo_assets.synthetic_corpus.styles import DrumLine, Style
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER


class WrittenNote(NamedTuple):
    """A note on paper: start and length in positions, pitch, velocity above or below the song's mean."""

    start: int
    length: int
    pitch: int
    accent: float


@dataclass(frozen=True)
class LeadSheet:
    """Everything that is decided before any part is written.

    Attributes:
        features: the requested features.
        style: the style.
        params: the musical quantities.
        meter: the meter.
        sections: the form, in played bars (four written ones each in 1/4).
        chords: the chords, in order and without gaps.
        displaced: for each played bar, {position of a stroke in a steady groove: position where it is
            played}. All instruments of the rhythm section move together.
        drum_lines: the drums of the style's groove and the percussion that joins them.
    """

    features: FeatureVector
    style: Style
    params: MusicalParams
    meter: Meter
    sections: tuple[Section, ...]
    chords: tuple[ChordSpan, ...]
    displaced: tuple[dict[int, int], ...]
    drum_lines: tuple[DrumLine, ...] = ()

    @property
    def bars(self) -> int:
        """Played bars of the song."""
        return self.sections[-1].first_bar + self.sections[-1].bars

    @property
    def last_bar_start(self) -> int:
        """Position of the last bar; all instruments hold the final chord."""
        return (self.bars - 1) * self.meter.positions

    @cached_property
    def _span_at_beat(self) -> list[ChordSpan]:
        spans: list[ChordSpan] = []
        for span in self.chords:
            spans += [span] * ((span.end - span.start) // POSITIONS_PER_QUARTER)
        return spans

    def span_at(self, position: int) -> ChordSpan:
        """Return the chord at `position` with its start and end."""
        beats = self._span_at_beat
        return beats[min(position // POSITIONS_PER_QUARTER, len(beats) - 1)]

    def chord_at(self, position: int) -> Chord:
        """Return the chord at `position`."""
        return self.span_at(position).chord
