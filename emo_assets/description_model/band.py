"""The band of a song: which instruments play, drawn from a draft of a few of its bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_assets.description_model.song_form import PlannedBar
from emo_assets.midi.general_midi import BASS_PROGRAMS, DRUMS, MIN_MELODY_SUITABILITY, melody_suitability

CONTRABASS, TUBA = 43, 58

MIN_SHARE = 0.05
"""Expected share of bars with a bass, or with drums, from which a song has them.

It is low because guidance amplifies both sides of what says little about the features, as drums do.
"""

MIN_ACCOMPANIMENT = 3
"""Instruments other than bass, lead and drums, so that sections can differ .."""

MIN_OTHERS_SHARE = 0.25
""".. unless the model expects others in fewer bars: a piano may play alone."""


@dataclass(frozen=True)
class Band:
    """The instruments of a song, as General MIDI programs.

    Attributes:
        harmony: plays in all bars.
        bass: plays in all bars; None for a song without.
        lead: plays in the bars with a melody; None where melodies are not planned.
        has_drums: whether there are drums.
        others: accompanying instruments, in the order in which they enter.
    """

    harmony: int
    bass: int | None
    lead: int | None
    has_drums: bool
    others: tuple[int, ...]

    def players(self, bar: PlannedBar) -> list[int]:
        """Return the instruments of a bar, ascending."""
        number = int(abs(bar.texture) * len(self.others) + 0.5)
        others = self.others if bar.texture > 0 else self.others[::-1]
        players = {self.harmony, *others[:number]}
        if self.bass is not None:
            players.add(self.bass)
        if self.lead is not None and bar.has_lead:
            players.add(self.lead)
        if self.has_drums and bar.has_drums:
            players.add(DRUMS)
        return sorted(players)


def choose_band(
    draft: Sequence[Collection[int]],
    expected: NDArray[np.float64],
    *,
    meter: int,
    needs_lead: bool,
    rng: np.random.Generator,
) -> Band:
    """Choose the band of a song.

    The instruments of the draft form it. A bass or a lead that the draft lacks is drawn from the model's
    probabilities; a style in which the model expects no bass, or no drums, has none.

    Args:
        draft: the instruments of each bar of a draft.
        expected: bars of the draft in which the model expects each instrument, shape (129,).
        meter: quarter notes of a bar; a contrabass or a tuba may be the bass of a waltz.
        needs_lead: whether some bars have a melody.
        rng: random numbers.
    """
    least = MIN_SHARE * len(draft)
    counts = Counter(instrument for bar in draft for instrument in bar)
    basses = [*BASS_PROGRAMS, *((CONTRABASS, TUBA) if meter == 3 else ())]
    bass = _most_common(counts, basses)
    if bass is None and expected[basses].sum() >= least:
        bass = _draw(expected, basses, rng)
    lead = None
    if needs_lead:
        leads = [program for program in range(DRUMS) if melody_suitability(program) >= MIN_MELODY_SUITABILITY]
        lead = max(
            (program for program in leads if counts[program]),
            key=lambda program: (melody_suitability(program), counts[program], -program),
            default=_draw(expected, leads, rng),
        )
    used = {*basses, lead, DRUMS}  # one bass is enough
    rest = [one for one, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if one not in used]
    unused = [program for program in range(DRUMS) if program not in {*used, *rest}]
    while len(rest) < MIN_ACCOMPANIMENT and expected[unused].sum() >= MIN_OTHERS_SHARE * len(draft):
        rest.append(_draw(expected, unused, rng))
        unused.remove(rest[-1])
    if not rest:
        rest = [_draw(expected, unused, rng) if lead is None else lead]
    return Band(rest[0], bass, lead, bool(expected[DRUMS] >= least), tuple(rest[1:]))


def _most_common(counts: Counter[int], programs: Sequence[int]) -> int | None:
    return max((one for one in programs if counts[one]), key=lambda one: (counts[one], -one), default=None)


def _draw(expected: NDArray[np.float64], programs: Sequence[int], rng: np.random.Generator) -> int:
    weights = expected[programs] + 1e-12
    return int(rng.choice(programs, p=weights / weights.sum()))
