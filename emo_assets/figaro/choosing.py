"""Choosing among several songs written for one description: by what is read off them as MIDI files."""

from __future__ import annotations

from collections.abc import Sequence

from emo_assets.metrics.fidelity import agreement
from emo_assets.midi.errors import MidiError
from emo_assets.tokens.detokenize import detokenize
from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar
from emo_assets.tokens.tokenize import tokenize_midi
from emo_assets.tokens.vocabulary import DESCRIPTIONS, EVENTS


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
        reading = tokenize_midi(detokenize(EVENTS.decode(events)), events=False)
    except MidiError:
        return []
    return DescriptionGrammar().parse(DESCRIPTIONS.encode(reading.description))
