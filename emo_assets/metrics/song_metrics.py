"""All metrics of a song in one record."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emo_assets.metrics import harmony, rhythm, texture
from emo_assets.metrics.ear_metrics import measure_ear_metrics
from emo_assets.metrics.parsed_song import ParsedSong, parse_song
from emo_assets.midi.general_midi import INSTRUMENT_NAMES
from emo_assets.music_theory import format_key


@dataclass(frozen=True)
class SongMetrics:
    """What a song sounds like, measured from its notes. Metrics that need absent notes are NaN.

    Attributes:
        tempo: quarter notes per minute.
        time_signature: the prevailing one, such as "4/4".
        beats_in_bar: length of its bar in quarter notes.
        bars: bars up to the one in which the last note starts.
        seconds: end of the last note.
        notes: number of notes.
        instruments: names of the instruments that play, in General MIDI's order, drums last.
        key: tonic, C = 0 to B = 11; None if no key can be estimated.
        mode: 1 major, 0 minor; None if `key` is.
        key_confidence: by how much the key's correlation exceeds that of the next best one.
        note_density: notes per quarter note.
        mean_velocity: 1 to 127.
        major_share: share of chords with a major third.
        groove_regularity: similarity of neighboring bars' rhythms, 0 to 1.
        acoustic_share: share of acoustic instruments.
        leadless_share: share of bars without a lead line.
    """

    tempo: float
    time_signature: str
    beats_in_bar: float
    bars: int
    seconds: float
    notes: int
    instruments: tuple[str, ...]
    key: int | None
    mode: int | None
    key_confidence: float
    note_density: float
    mean_velocity: float
    major_share: float
    groove_regularity: float
    acoustic_share: float
    leadless_share: float

    @property
    def key_name(self) -> str:
        """The key and mode in words, such as "F# minor"."""
        return "no key" if self.key is None or self.mode is None else format_key(self.key, self.mode)

    def as_dict(self) -> dict[str, Any]:
        """Return the metrics as plain values for JSON, and the key in words; NaN becomes None."""
        values = asdict(self) | {"instruments": list(self.instruments), "key_name": self.key_name}
        return {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in values.items()
        }


class MeasuredSong(NamedTuple):
    """A MIDI file with everything that is derived from it.

    Attributes:
        midi: the Standard MIDI File.
        parsed: its notes.
        metrics: its metrics.
        ear_metrics: all of `EAR_METRICS`, by which the ear hears its features, shape (metrics,).
    """

    midi: bytes
    parsed: ParsedSong
    metrics: SongMetrics
    ear_metrics: NDArray[np.float64]

    @classmethod
    def from_midi(cls, midi: bytes) -> MeasuredSong:
        """Parse and measure a MIDI file.

        Raises:
            InputError: it cannot be read.
        """
        return cls.from_parsed(midi, parse_song(midi))

    @classmethod
    def from_parsed(cls, midi: bytes, parsed: ParsedSong) -> MeasuredSong:
        """Measure a MIDI file with its notes."""
        return cls(midi, parsed, measure(parsed), measure_ear_metrics(parsed))


def measure_midi(midi: bytes) -> SongMetrics:
    """Measure a MIDI file.

    Raises:
        InputError: it cannot be read.
    """
    return measure(parse_song(midi))


def measure(song: ParsedSong) -> SongMetrics:
    """Measure a parsed song."""
    key = harmony.key(song)
    numerator, denominator = rhythm.time_signature(song)
    return SongMetrics(
        tempo=rhythm.tempo(song),
        time_signature=f"{numerator}/{denominator}",
        beats_in_bar=rhythm.beats_in_bar(song),
        bars=rhythm.bars(song),
        seconds=song.seconds,
        notes=len(song.notes),
        instruments=_instrument_names(song),
        key=key.pitch_class if key else None,
        mode=key.mode if key else None,
        key_confidence=key.confidence if key else 0.0,
        note_density=texture.note_density(song),
        mean_velocity=texture.mean_velocity(song),
        major_share=harmony.major_share(song),
        groove_regularity=rhythm.groove_regularity(song),
        acoustic_share=texture.acoustic_share(song),
        leadless_share=1 - texture.lead_share(song),
    )


def _instrument_names(song: ParsedSong) -> tuple[str, ...]:
    instruments = np.unique(np.where(song.notes.is_drum, len(INSTRUMENT_NAMES) - 1, song.notes.program))
    return tuple(INSTRUMENT_NAMES[number] for number in instruments)
