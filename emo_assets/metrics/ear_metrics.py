"""The metrics by which the ear hears a song, in one vector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from emo_assets.metrics import articulation, harmony, instrumentation, note_rates, rhythm, texture
from emo_assets.metrics.articulation import mean_or_nan, spread_or_nan
from emo_assets.metrics.note_rates import hits_per_second, log_intensity, notes_per_second, onsets_per_second
from emo_assets.metrics.parsed_song import ParsedSong
from emo_assets.metrics.repetition import repetition

_TEMPO_AND_RATES: dict[str, Callable[[ParsedSong], float]] = {
    "log_tempo": rhythm.log_tempo,
    "nearness_to_120_bpm": rhythm.nearness_to_120_bpm,
    "notes_per_second": lambda song: notes_per_second(song, song.notes),
    "onsets_per_second": lambda song: onsets_per_second(song, song.notes),
    "pitched_onsets_per_second": lambda song: onsets_per_second(song, song.pitched),
    "bass_notes_per_second": lambda song: notes_per_second(song, song.basses),
    "struck_chords_per_second": note_rates.struck_chords_per_second,
    "power_chords_per_second": note_rates.power_chords_per_second,
    "log_bass_interval_seconds": note_rates.log_bass_interval,
}

_DRUMS: dict[str, Callable[[ParsedSong], float]] = {
    "drum_hits_per_second": lambda song: notes_per_second(song, song.drums),
    "kick_hits_per_second": partial(hits_per_second, keys=note_rates.KICKS),
    "snare_hits_per_second": partial(hits_per_second, keys=note_rates.SNARES),
    "hi_hat_hits_per_second": partial(hits_per_second, keys=note_rates.HI_HATS),
    "cymbal_hits_per_second": partial(hits_per_second, keys=note_rates.CYMBALS),
    "tom_hits_per_second": partial(hits_per_second, keys=note_rates.TOMS),
    "percussion_hits_per_second": partial(hits_per_second, keys=note_rates.PERCUSSION),
    "hand_claps_per_second": partial(hits_per_second, keys={note_rates.HAND_CLAP}),
    "hand_drum_hits_per_second": partial(hits_per_second, keys=note_rates.HAND_DRUMS),
    "side_stick_share": note_rates.side_stick_share,
    "ride_share": note_rates.ride_share,
    "hi_hat_regularity": note_rates.hi_hat_regularity,
    "log_hi_hat_interval_seconds": note_rates.log_hi_hat_interval,
    "drum_bar_share": instrumentation.drum_bar_share,
}

_VELOCITY: dict[str, Callable[[ParsedSong], float]] = {
    "mean_velocity": texture.mean_velocity,
    "velocity_spread": lambda song: spread_or_nan(song.notes.velocity),
    "velocity_spread_in_bars": articulation.velocity_spread_in_bars,
    "drum_velocity": lambda song: mean_or_nan(song.drums.velocity),
    "log_intensity": lambda song: log_intensity(song, song.notes),
    "log_drum_intensity": lambda song: log_intensity(song, song.drums),
}

_PITCH_AND_ARTICULATION: dict[str, Callable[[ParsedSong], float]] = {
    "mean_pitch": lambda song: mean_or_nan(song.pitched.pitch),
    "pitch_spread": lambda song: spread_or_nan(song.pitched.pitch),
    "mean_pitch_above_bass": articulation.mean_pitch_above_bass,
    "low_pitch": articulation.low_pitch,
    "bass_pitch": lambda song: mean_or_nan(song.basses.pitch),
    "bass_interval_semitones": articulation.bass_interval,
    "bass_repeated_pitch_share": articulation.bass_repeated_pitch_share,
    "melodic_step_share": articulation.melodic_step_share,
    "log_note_seconds": articulation.log_note_seconds,
    "short_note_share": articulation.short_note_share,
    "long_note_share": articulation.long_note_share,
    "legato": articulation.legato,
    "sounding_notes": articulation.sounding_notes,
    "notes_per_onset": articulation.notes_per_onset,
}

_INSTRUMENTS: dict[str, Callable[[ParsedSong], float]] = {
    "instruments_per_bar": instrumentation.instruments_per_bar,
    **{
        f"{family}_share": partial(instrumentation.sounding_share, family=family)
        for family in instrumentation.FAMILIES
    },
    "acoustic_share": texture.acoustic_share,
    "synth_share_of_bass_notes": instrumentation.synth_share_of_bass_notes,
}

_HARMONY: dict[str, Callable[[ParsedSong], float]] = {
    "mode": harmony.mode,
    "mode_strength": harmony.mode_strength,
    "mode_strength_8s": harmony.mode_strength_8s,
    "major_chord_share": harmony.major_share,
    "named_chord_share": harmony.named_chord_share,
    "seventh_chord_share": harmony.seventh_chord_share,
    "chord_changes_per_second": harmony.chord_changes_per_second,
    "scale_share": harmony.scale_share,
    "semitone_clash_share": harmony.semitone_clash_share,
    "pitch_classes_per_beat": harmony.pitch_classes_per_beat,
    "harmonic_flux_per_second": harmony.harmonic_flux_per_second,
    "held_bass_share": harmony.held_bass_share,
}

_RHYTHM: dict[str, Callable[[ParsedSong], float]] = {
    "quadruple_meter": lambda song: float(rhythm.beats_in_bar(song) == 4),
    "pitched_on_beat_share": lambda song: rhythm.position_share(song.pitched, 0),
    "pitched_on_half_beat_share": lambda song: rhythm.position_share(song.pitched, 1 / 2),
    "drums_on_half_beat_share": lambda song: rhythm.position_share(song.drums, 1 / 2),
    "kick_on_beat_share": lambda song: rhythm.position_share(note_rates.hits(song, note_rates.KICKS), 0),
    "triplet_share": lambda song: rhythm.position_share(song.notes, 1 / 3, 2 / 3),
    "sixteenth_grid_share": rhythm.sixteenth_grid_share,
    "pitched_syncopation": lambda song: rhythm.syncopation(song.pitched_parts),
    "kick_syncopation": lambda song: rhythm.syncopation([note_rates.hits(song, note_rates.KICKS)]),
    "backbeat_share": partial(rhythm.beat_pattern_share, keys=note_rates.BACKBEATS, beats=(1, 3)),
    "four_on_the_floor_share": partial(rhythm.beat_pattern_share, keys=note_rates.KICKS, beats=range(4)),
    "downbeat_kick_share": partial(rhythm.beat_pattern_share, keys=note_rates.KICKS, beats=(0,)),
    "groove_regularity": rhythm.groove_regularity,
    "drum_repetition_8_bars": lambda song: repetition(song, song.drums, 8),
    "pitched_repetition_2_bars": lambda song: repetition(song, song.pitched, 2),
    "bass_repetition_2_bars": lambda song: repetition(song, song.basses, 2),
}

EAR_METRICS: Mapping[str, Callable[[ParsedSong], float]] = MappingProxyType(
    {
        **_TEMPO_AND_RATES,
        **_DRUMS,
        **_VELOCITY,
        **_PITCH_AND_ARTICULATION,
        **_INSTRUMENTS,
        **_HARMONY,
        **_RHYTHM,
    }
)
"""The metrics by name. Each is independent of the song's length, and NaN where the song cannot tell.

Velocities are 1 to 127 and their spreads 0 to 63; pitches are MIDI pitches, 0 to 127; the functions document
the others.
"""


def measure_ear_metrics(song: ParsedSong) -> NDArray[np.float64]:
    """Measure a song by every ear metric.

    Args:
        song: any song, with or without notes.

    Returns:
        Values in the order of `EAR_METRICS`, shape (metrics,); NaN where the song cannot tell.
    """
    return np.array([metric(song) for metric in EAR_METRICS.values()], dtype=np.float64)
