"""Deviations from a steady groove: strokes displaced from bar to bar, and delayed beats.

Both keep every note on the grid of twelve positions per quarter note, and in its bar.
"""

from __future__ import annotations

from emo_assets.synthetic_corpus.form import Section, SectionKind
from emo_assets.synthetic_corpus.lead_sheet import WrittenNote
from emo_assets.synthetic_corpus.meter import Meter
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

STEADY, FREE = 0.4, 0.7
"""Looseness from which bars leave their pattern, and from which beats come late."""

VARIATION = 0.5
"""How quickly the share of such bars grows with looseness."""

SHARED = 0.6
"""Share of the kinds of sections that have the song's basic pattern."""

MAX_DELAY = 2
"""Maximum delay of a beat in positions: strokes in a beat's last quarter stay inside the beat."""


def displaced_strokes(
    sections: tuple[Section, ...], meter: Meter, looseness: float, swing: bool, rng: SeededRandom
) -> tuple[dict[int, int], ...]:
    """Choose for each bar which strokes are pushed ahead or dragged; those on the downbeat never are.

    Sections of one kind have one or two bars that alternate, as a drummer's pattern does; many share the
    song's. A loose player leaves the pattern now and then.

    Args:
        sections: the song's sections.
        meter: the meter.
        looseness: 0 (no displacement) to 1.
        swing: whether eighth notes are triplets, so that strokes move by triplets.
        rng: chooses the strokes.

    Returns:
        For each bar, {position in the steady groove: position where the stroke is played instead}.
    """
    patterns: dict[SectionKind, list[dict[int, int]]] = {}
    variation = max(0.0, VARIATION * (looseness - STEADY))
    size = 2 if rng.bernoulli(looseness) else 1
    basic = [_displace(meter, looseness, swing, rng) for _ in range(size)]
    displaced = []
    for section in sections:
        if section.kind not in patterns:
            own = [_displace(meter, looseness, swing, rng) for _ in range(size)]
            patterns[section.kind] = basic if rng.bernoulli(SHARED) else own
        pattern = patterns[section.kind]
        for bar in range(section.bars):
            varied = bar % 4 and rng.bernoulli(variation)
            displaced.append(
                _displace(meter, looseness, swing, rng) if varied else pattern[bar % len(pattern)]
            )
    return tuple(displaced)


def _displace(meter: Meter, looseness: float, swing: bool, rng: SeededRandom) -> dict[int, int]:
    step = 4 if swing else 3
    in_bar: dict[int, int] = {}
    for position in range(step, meter.positions, step):
        if rng.bernoulli(0.36 * looseness):
            target = position + rng.pick((-2, -2, -1, 1, 2, 2)) * step
            if 0 < target < meter.positions:
                in_bar[position] = target
    return in_bar


def beat_delays(bars: int, meter: Meter, looseness: float, rng: SeededRandom) -> list[int]:
    """Return the delay of each beat in positions: a slow random walk, 0 in a steady groove.

    Most bars start on time, so that downbeats remain recognisable.
    """
    wander = max(0.0, looseness - FREE)
    delays = []
    delay = 0
    for beat in range(bars * meter.beats):
        if beat % meter.beats == 0 and rng.bernoulli(1 - 0.5 * wander):
            delay = 0
        elif rng.bernoulli(wander):
            delay = min(MAX_DELAY, max(0, delay + rng.pick((-1, 1, 1))))
        delays.append(delay)
    return delays


def apply_rubato(notes: list[WrittenNote], delays: list[int]) -> list[WrittenNote]:
    """Return the notes, each delayed as its beat is."""
    if not any(delays):
        return notes
    last = len(delays) - 1
    return [
        WrittenNote(start + delays[min(last, start // POSITIONS_PER_QUARTER)], length, pitch, accent)
        for start, length, pitch, accent in notes
    ]
