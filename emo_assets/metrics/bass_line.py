"""Whether a song has a bass, and whether it plays the roots of the chords."""

from __future__ import annotations

import numpy as np

from emo_assets.metrics.articulation import mean_or_nan
from emo_assets.metrics.harmony import STEPS_PER_BEAT, beat_chords
from emo_assets.metrics.parsed_song import ParsedSong
from emo_assets.midi.general_midi import BASS_PROGRAMS

LOWEST_TREBLE = 50
"""MIDI pitch D3. Lower notes are a bass on any instrument."""


def bassless_bar_share(song: ParsedSong) -> float:
    """Return the share of bars in which no bass sounds, 0 to 1.

    A bass is a note of a bass instrument, or any pitched note below `LOWEST_TREBLE`. Real excerpts of 16
    bars: 0.06. NaN without bars.
    """
    notes = song.pitched
    basses = notes.where((notes.pitch < LOWEST_TREBLE) | np.isin(notes.program, BASS_PROGRAMS))
    sounding = np.zeros(len(song.bar_edges) - 1, dtype=bool)
    last_bar = np.searchsorted(song.bar_edges, basses.release - 1e-6, side="right") - 1
    for first, last in zip(song.bar_of(basses).tolist(), last_bar.tolist(), strict=True):
        sounding[first : max(first, last) + 1] = True
    return mean_or_nan(~sounding)


def bass_root_share(song: ParsedSong) -> float:
    """Return the share of beats on which the bass plays the root of the chord, 0 to 1.

    Of the beats (quarter notes) that have a chord (`beat_chords`) and on which a bass instrument starts a
    note; of several notes the lowest counts. Real excerpts of 16 bars: 0.72. NaN without such beats.
    """
    steps = np.round(song.basses.onset * STEPS_PER_BEAT).astype(np.int64)
    on_beat = steps % STEPS_PER_BEAT == 0
    lowest: dict[int, int] = {}
    for step, pitch in zip(steps[on_beat].tolist(), song.basses.pitch[on_beat].tolist(), strict=True):
        beat = step // STEPS_PER_BEAT
        lowest[beat] = min(pitch, lowest.get(beat, pitch))
    chords = beat_chords(song)
    roots = [
        pitch % 12 == chords[beat][0]
        for beat, pitch in lowest.items()
        if beat < len(chords) and chords[beat][1]
    ]
    return mean_or_nan(np.array(roots))
