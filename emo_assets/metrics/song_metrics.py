"""All metrics of a song in one record, and its comparison with a request."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from emo_assets.features import FeatureVector
from emo_assets.metrics import harmony, rhythm, texture
from emo_assets.metrics.parsed_song import ParsedSong, parse_song
from emo_assets.midi.general_midi import INSTRUMENT_NAMES
from emo_assets.music_theory import PITCH_CLASSES, format_key


@dataclass(frozen=True)
class FeatureMetric:
    """The metric by which a feature is judged.

    Attributes:
        name: attribute of `SongMetrics`.
        unit: its unit, or what it is a share of.
        tolerance: largest accepted difference from the feature; None if the metric has another unit than the
            feature and only has to increase with it.
    """

    name: str
    unit: str
    tolerance: float | None = None


FEATURE_METRICS = {
    "danceability": FeatureMetric("groove_regularity", "likeness of neighbouring bars"),
    "energy": FeatureMetric("note_density", "notes per quarter note"),
    "key": FeatureMetric("key", "pitch class", tolerance=0),
    "loudness": FeatureMetric("mean_velocity", "mean velocity of the notes"),
    "mode": FeatureMetric("mode", "0 minor, 1 major", tolerance=0),
    "acousticness": FeatureMetric("acoustic_share", "share of acoustic instruments"),
    "instrumentalness": FeatureMetric("leadless_share", "share of bars without a lead"),
    "valence": FeatureMetric("major_share", "share of major chords"),
    "tempo": FeatureMetric("tempo", "beats per minute", tolerance=1),
    "time_signature": FeatureMetric("beats_in_bar", "quarter notes per bar", tolerance=0),
}
"""The metric of each feature, in the features' order."""


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
    """

    midi: bytes
    parsed: ParsedSong
    metrics: SongMetrics

    @classmethod
    def from_midi(cls, midi: bytes) -> MeasuredSong:
        """Parse and measure a MIDI file.

        Raises:
            InputError: it cannot be read.
        """
        parsed = parse_song(midi)
        return cls(midi, parsed, measure(parsed))


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


def compare(asked: FeatureVector, metrics: SongMetrics, targets: Mapping[str, float]) -> list[dict[str, Any]]:
    """Compare a song with its request.

    Args:
        asked: the requested features.
        metrics: the song's metrics.
        targets: target values of metrics by feature; a feature that is missing is its own target.

    Returns:
        One row per feature, in the features' order: `name`, `asked`, `aimed_at`, `measured` (None if it
        cannot be measured) and `unit` (of the last two). Keys and modes are named.
    """
    rows = []
    for feature, metric in FEATURE_METRICS.items():
        value = getattr(asked, feature)
        columns = {
            "asked": value,
            "aimed_at": targets.get(feature, value),
            "measured": getattr(metrics, metric.name),
        }
        shown = {column: _display_value(feature, value) for column, value in columns.items()}
        rows.append({"name": feature, **shown, "unit": metric.unit})
    return rows


def _display_value(feature: str, value: float | None) -> Any:
    """Name keys and modes, round other numbers to two decimals; NaN becomes None."""
    if value is None or math.isnan(value):
        return None
    if feature == "key":
        return PITCH_CLASSES[round(value)]
    if feature == "mode":
        return ("minor", "major")[round(value)]
    return value if isinstance(value, int) else round(value, 2)


def _instrument_names(song: ParsedSong) -> tuple[str, ...]:
    instruments = np.unique(np.where(song.notes.is_drum, len(INSTRUMENT_NAMES) - 1, song.notes.program))
    return tuple(INSTRUMENT_NAMES[number] for number in instruments)
