"""FIGARO's events to a MIDI file.

What a file cannot hold, so that reading it gives back something else:

- chords: they are guessed anew from the notes;
- tempos but the first, and one that is given exactly instead of as a bin: reading finds the tempo at time
  zero, and 120 where events name none;
- bars without notes before the first and after the last note, and with them that tempo;
- the order of notes at one position, and which of the two tokens of duration 21 was meant;
- notes past the sixteenth at one position of one instrument, and whatever breaks the grammar: not written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from emo_assets.midi.general_midi import DRUMS
from emo_assets.midi.writer import MAX_MICROSECONDS, Note, Part, encode_midi
from emo_assets.tokens.quantization import DURATION_BINS, POSITIONS_PER_QUARTER, TEMPO_BINS, VELOCITY_BINS
from emo_assets.tokens.vocabulary import EVENTS, EventKind

RESOLUTION = 480
"""Ticks a quarter note, as in most of FIGARO's training data."""

MAX_NOTES_AT_ONCE = 16
"""Notes at one position of one instrument (FIGARO's limit)."""

DEFAULT_TEMPO = 120.0
"""Quarter notes a minute, where events name no tempo."""

MIN_TEMPO = 60e6 / MAX_MICROSECONDS
"""Quarter notes a minute; a MIDI file cannot say anything slower."""

_TICKS_A_POSITION = RESOLUTION // POSITIONS_PER_QUARTER
_DENOMINATORS = (1, 2, 4, 8, 16, 32)

_VALUES = {
    EVENTS.tokens[token]: (kind, index) for kind in EventKind for index, token in enumerate(EVENTS.span(kind))
}
"""The kind of each token and its index within the kind."""


def detokenize(events: Sequence[str], *, tempo: float | None = None) -> bytes:
    """Write events as a MIDI file, in 480 ticks a quarter note.

    Args:
        events: event tokens; what breaks the grammar is passed over.
        tempo: quarter notes a minute, to be written exactly in place of what the Tempo tokens say.

    Returns:
        The file's bytes.
    """
    score = _Score()
    for index, token in enumerate(events):
        kind, _, value = token.rpartition("_")
        if kind == EventKind.BAR:
            score.start_bar(events[index + 1] if index + 1 < len(events) else "")
        elif kind == EventKind.POSITION and score.bar:
            score.add(_number(value), events[index + 1 : index + 5])
    tempos = score.tempos if tempo is None else [(0, tempo)]
    return encode_midi(
        score.parts(),
        resolution=RESOLUTION,
        tempos=[(tick, max(value, MIN_TEMPO)) for tick, value in tempos or [(0, DEFAULT_TEMPO)]],
        # pretty_midi, and so the reader, takes bars for others where the meter changes at the very end.
        time_signatures=[
            change for change in score.time_signatures if not change[0] or change[0] < score.end
        ],
    )


def _number(text: str) -> int | None:
    """Return a number of at most five digits, None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 5 else None


class _Score:
    """What has been said so far, in ticks.

    Attributes:
        bar: number of the bar one is in, 0 before the first.
        tempos: (tick, quarter notes a minute).
        time_signatures: (tick, numerator, denominator).
        end: where the last note ends.
    """

    def __init__(self) -> None:
        self.bar = 0
        self.tempos: list[tuple[int, float]] = []
        self.time_signatures = [(0, 4, 4)]
        self.end = 0
        self._start = self._next_start = 0
        self._notes: dict[int, list[Note]] = {}
        self._at_once: Counter[tuple[int, int]] = Counter()

    def start_bar(self, following: str) -> None:
        """Start a bar; the token that follows its Bar token may be its time signature."""
        self.bar += 1
        self._start = self._next_start
        kind, _, meter = following.rpartition("_")
        if kind == EventKind.TIME_SIGNATURE:
            numerator, denominator = map(_number, meter.partition("/")[::2])
            if numerator and numerator < 256 and denominator in _DENOMINATORS:
                self._set_meter(numerator, denominator)
        _, numerator, denominator = self.time_signatures[-1]
        self._next_start = self._start + 4 * RESOLUTION * numerator // denominator

    def _set_meter(self, numerator: int, denominator: int) -> None:
        if self.time_signatures[-1] == (0, 4, 4) and not self._start:
            self.time_signatures = [(0, numerator, denominator)]
        elif self.time_signatures[-1][1:] != (numerator, denominator):
            self.time_signatures.append((self._start, numerator, denominator))

    def add(self, position: int | None, words: Sequence[str]) -> None:
        """Add what follows a position: a tempo or a note, if it is one."""
        if position is None:
            return
        tick = self._start + position * _TICKS_A_POSITION
        match [_VALUES.get(word) for word in words]:
            case [(EventKind.TEMPO, tempo), *_]:
                if not self.tempos or self.tempos[-1][1] != TEMPO_BINS[tempo]:
                    self.tempos.append((tick if self.tempos else 0, float(TEMPO_BINS[tempo])))
            case [
                (EventKind.INSTRUMENT, instrument),
                (EventKind.PITCH | EventKind.PITCH_DRUM as kind, pitch),
                (EventKind.VELOCITY, velocity),
                (EventKind.DURATION, duration),
            ] if (kind == EventKind.PITCH_DRUM) == (instrument == DRUMS):
                self._at_once[tick, instrument] += 1
                if self._at_once[tick, instrument] <= MAX_NOTES_AT_ONCE:
                    end = tick + int(DURATION_BINS[duration]) * _TICKS_A_POSITION
                    self.end = max(self.end, end)
                    loudness = min(max(int(VELOCITY_BINS[velocity]), 1), 127)
                    self._notes.setdefault(instrument, []).append(Note(tick, end, pitch, loudness))

    def parts(self) -> list[Part]:
        """Return the parts, one an instrument; more where notes of one pitch overlap.

        A file has one note of a pitch at a time on a track, so notes that overlap go to further tracks.
        """
        parts = []
        for instrument, notes in self._notes.items():
            is_drum = instrument == DRUMS
            program = 0 if is_drum else instrument
            for number, layer in enumerate(_layers(notes)):
                parts.append(Part(program, is_drum, layer, shares_channel=number > 0))
        return parts


def _layers(notes: Sequence[Note]) -> list[list[Note]]:
    """Divide notes into as few layers as are needed for no pitch to overlap itself within one."""
    layers: list[list[Note]] = []
    ends: list[dict[int, int]] = []
    for note in sorted(notes, key=lambda note: note.start):
        free = (number for number, end in enumerate(ends) if end.get(note.pitch, 0) <= note.start)
        number = next(free, len(layers))
        if number == len(layers):
            layers.append([])
            ends.append({})
        layers[number].append(note)
        ends[number][note.pitch] = note.end
    return layers
