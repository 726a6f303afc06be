"""Choosing among several songs written for one description: by what is read off them as MIDI files."""

from __future__ import annotations

from collections.abc import Sequence

from emo_assets.metrics.fidelity import agreement
from emo_assets.midi.errors import MidiError
from emo_assets.tokens.detokenize import detokenize
from emo_assets.tokens.grammar.descriptions import DescribedBar
from emo_assets.tokens.tokenize import tokenize_midi


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
        return tokenize_midi(detokenize(events), events=False).description
    except MidiError:
        return []
