"""Choosing among several songs written for one description: by what is read off them as MIDI files."""

from __future__ import annotations

from collections.abc import Sequence

from emo_assets.figaro.fidelity import agreement
from emo_assets.symbolic.errors import MidiError
from emo_assets.symbolic.grammar.descriptions import DescribedBar, DescriptionGrammar
from emo_assets.symbolic.reading import read_midi
from emo_assets.symbolic.vocabulary import DESCRIPTIONS, EVENTS
from emo_assets.symbolic.writing import write_midi


def nearest_song(asked: Sequence[DescribedBar], songs: Sequence[list[int]]) -> list[int]:
    """Return the song whose own description agrees best with the one that was asked for.

    Args:
        asked: the description.
        songs: ids of events, at least one song; of equally near ones the first is taken.
    """
    return max(songs, key=lambda events: agreement(asked, described(events)))


def described(events: Sequence[int]) -> list[DescribedBar]:
    """Write events as a MIDI file and describe what is read from it; a song without notes has no bars."""
    try:
        reading = read_midi(write_midi(EVENTS.decode(events)), events=False)
    except MidiError:
        return []
    return DescriptionGrammar().parse(DESCRIPTIONS.encode(reading.description))
