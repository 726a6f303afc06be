"""All estimators together: what a song sounds like, and that beside what was asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from emo_assets.features import FeatureVector
from emo_assets.metrics import groove, harmony, texture, timing
from emo_assets.metrics.parsed_song import ParsedSong, parse_song
from emo_assets.midi.general_midi import INSTRUMENT_NAMES
from emo_assets.music_theory import PITCH_CLASSES, format_key


@dataclass(frozen=True)
class Measure:
    """What of a song is laid beside a feature.

    Attributes:
        name: the attribute of `SongMetrics`.
        unit: its unit, or what it is a share of.
        tolerance: how far a song may be from the feature and still be as asked; None where the measure has
            another unit than the feature and only has to rise with it.
    """

    name: str
    unit: str
    tolerance: float | None = None


FEATURE_METRICS = {
    "danceability": Measure("groove_regularity", "likeness of neighbouring bars"),
    "energy": Measure("note_density", "notes a quarter note"),
    "key": Measure("key", "pitch class", tolerance=0),
    "loudness": Measure("mean_velocity", "mean velocity of the notes"),
    "mode": Measure("mode", "0 minor, 1 major", tolerance=0),
    "acousticness": Measure("acoustic_share", "share of acoustic instruments"),
    "instrumentalness": Measure("leadless_share", "share of bars without a lead"),
    "valence": Measure("major_share", "share of major chords"),
    "tempo": Measure("tempo", "beats a minute", tolerance=1),
    "time_signature": Measure("beats_in_bar", "quarter notes a bar", tolerance=0),
}
"""What each feature is measured by, in the features' order."""


@dataclass(frozen=True)
class SongMetrics:
    """What a song sounds like. Measures that need notes which a song lacks are NaN.

    Attributes:
        tempo: quarter notes a minute.
        time_signature: the ruling one, such as "4/4".
        beats_in_bar: length of its bar in quarter notes.
        bars: bars up to the one in which the last note starts.
        seconds: end of the last note.
        notes: number of notes.
        instruments: names of the instruments that play, in General MIDI's order, drums last.
        key: tonic, C = 0 to B = 11; None where no key can be heard.
        mode: 1 major, 0 minor; None like the key.
        key_confidence: by how much the key's correlation beats the next best one.
        note_density: notes a quarter note.
        notes_a_second: notes a second.
        mean_velocity: 1 to 127.
        mean_pitch: MIDI pitch.
        major_share: share of chords with a major third.
        bright_share: share of chords that are major triads or major sevenths.
        groove_regularity: likeness of neighbouring bars' rhythms, 0 to 1.
        on_grid_drums: share of drum hits on eighth notes.
        on_beat_share: share of notes on quarter notes.
        drums_share: share of bars with drums.
        acoustic_share: share of sounding time on acoustic instruments.
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
    notes_a_second: float
    mean_velocity: float
    mean_pitch: float
    major_share: float
    bright_share: float
    groove_regularity: float
    on_grid_drums: float
    on_beat_share: float
    drums_share: float
    acoustic_share: float
    leadless_share: float

    @property
    def key_name(self) -> str:
        """The key and mode in words, such as "F# minor"."""
        if self.key is None or self.mode is None:
            return "no key"
        return format_key(self.key, self.mode)

    def as_dict(self) -> dict[str, Any]:
        """Return the measures as plain values for JSON, with the key in words: NaN becomes None."""
        values = asdict(self) | {"instruments": list(self.instruments), "key_name": self.key_name}
        return {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in values.items()
        }


def measure_midi(midi: bytes) -> SongMetrics:
    """Measure what a MIDI file sounds like.

    Args:
        midi: a Standard MIDI File.

    Raises:
        InputError: it cannot be read.
    """
    return measure(parse_song(midi))


def measure(song: ParsedSong) -> SongMetrics:
    """Measure what a song that was read sounds like."""
    key = harmony.key(song)
    numerator, denominator = timing.time_signature(song)
    return SongMetrics(
        tempo=timing.tempo(song),
        time_signature=f"{numerator}/{denominator}",
        beats_in_bar=timing.beats_in_bar(song),
        bars=timing.bars(song),
        seconds=song.seconds,
        notes=len(song.notes),
        instruments=_instrument_names(song),
        key=key.pitch_class if key else None,
        mode=key.mode if key else None,
        key_confidence=key.confidence if key else 0.0,
        note_density=texture.note_density(song),
        notes_a_second=texture.notes_a_second(song),
        mean_velocity=texture.mean_velocity(song),
        mean_pitch=texture.mean_pitch(song),
        major_share=harmony.major_share(song),
        bright_share=harmony.bright_share(song),
        groove_regularity=groove.groove_regularity(song),
        on_grid_drums=groove.on_grid_drums(song),
        on_beat_share=timing.on_beat_share(song),
        drums_share=texture.drums_share(song),
        acoustic_share=texture.acoustic_share(song),
        leadless_share=1 - texture.lead_share(song),
    )


def compare(asked: FeatureVector, heard: SongMetrics, aims: Mapping[str, float]) -> list[dict[str, Any]]:
    """Lay what was asked for beside what is heard, one row a feature in their order.

    Each row shows what `FEATURE_METRICS` lays beside the feature; key and mode by their names.

    Args:
        asked: the request.
        heard: the song.
        aims: values of the measures that were aimed at, by feature; of the others the feature itself.

    Returns:
        Rows of `name`, `asked`, `aimed_at`, `measured` (None where it cannot be measured) and `unit` (of what
        was aimed at and is measured).
    """
    rows = []
    for feature, measure in FEATURE_METRICS.items():
        wanted = getattr(asked, feature)
        shown = {
            "asked": wanted,
            "aimed_at": aims.get(feature, wanted),
            "measured": getattr(heard, measure.name),
        }
        row = {column: _shown(feature, value) for column, value in shown.items()}
        rows.append({"name": feature, **row, "unit": measure.unit})
    return rows


def _shown(feature: str, value: float | None) -> Any:
    """Name keys and modes, round other numbers to two decimals; NaN becomes None."""
    if value is None or math.isnan(value):
        return None
    if feature == "key":
        return PITCH_CLASSES[round(value)]
    if feature == "mode":
        return ("minor", "major")[round(value)]
    return value if isinstance(value, int) else round(value, 2)


def _instrument_names(song: ParsedSong) -> tuple[str, ...]:
    """Name the instruments that play, in General MIDI's order, drums last."""
    instruments = np.unique(np.where(song.notes.is_drum, len(INSTRUMENT_NAMES) - 1, song.notes.program))
    return tuple(INSTRUMENT_NAMES[number] for number in instruments)
