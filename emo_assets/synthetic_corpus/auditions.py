"""Choose among variants of a song by the ear, so that composed songs cover what real ones do.

A composer can make an energetic song in many ways, and each sounds more or less of other feelings, too. The
first bars of a few variants are composed and heard, and the nearest to the feelings drawn is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from emo_assets.metrics.ear import LEARNED_FEATURES, default_ear
from emo_assets.metrics.song_metrics import MeasuredSong
from emo_assets.progress import Progress, no_progress
from emo_assets.synthetic_corpus.composition import compose_in_workers, compose_song
from emo_assets.synthetic_corpus.sampling import SongPlan, list_features, sample_meters, sample_variants

VARIANTS = 4
SKETCH_BARS = 12
"""Bars that are heard of each variant; their places agree with those of whole songs by 0.96 to 0.99."""


class ComposedMidi(NamedTuple):
    """A song of the corpus: its plan, with listed features, and its MIDI file."""

    plan: SongPlan
    midi: bytes


class _Audition(NamedTuple):
    """The arguments of one song, as `sample_variants` takes them."""

    time_signature: int
    seed: int
    number: int


def audition_songs(songs: int, seed: int, *, progress: Progress = no_progress) -> Iterator[ComposedMidi]:
    """Compose songs, each the best of `VARIANTS`, in worker processes.

    Args:
        songs: number of songs.
        seed: equal numbers of songs and seeds give equal songs.
        progress: called once per song.

    Raises:
        WorkerError: worker processes do not start or die.
    """
    auditions = [_Audition(meter, seed, number) for number, meter in enumerate(sample_meters(songs, seed))]
    return compose_in_workers(_audition, auditions, progress=progress)


def _audition(audition: _Audition) -> ComposedMidi:
    ear = default_ear()
    variants = sample_variants(*audition, VARIANTS)
    target = [float(ear.place_of(name, getattr(variants[0].features, name))) for name in LEARNED_FEATURES]

    def distance(plan: SongPlan) -> float:
        sketch = compose_song(plan.features, plan.style, SKETCH_BARS, plan.seed).to_midi()
        heard = heard_places(sketch)
        return float(
            np.sum(
                np.square([heard[name] - place for name, place in zip(LEARNED_FEATURES, target, strict=True)])
            )
        )

    plan = min(variants, key=distance)
    midi = compose_song(plan.features, plan.style, plan.bars, plan.seed).to_midi()
    return ComposedMidi(replace(plan, listed=list_features(plan, heard_places(midi))), midi)


def heard_places(midi: bytes) -> dict[str, float]:
    """Return where the default ear places a song among real ones, 0 to 1, for each of `FEELINGS`."""
    places = default_ear().song_places(MeasuredSong.from_midi(midi))
    return {name: round(place, 4) for name, place in places.items()}
