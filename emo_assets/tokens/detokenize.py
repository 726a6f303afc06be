"""FIGARO's events to a MIDI file.

`tokenize` returns the same events, but for

- chords, which it detects in the notes;
- tempos after the first, an exact tempo, and the default tempo of 120;
- bars before the first and after the last note, with their tempos;
- the order of notes at one position, and the second of the two tokens of duration 21;
- notes that last until their pitch starts again in the same instrument, and end there;
- notes past the sixteenth at one position of one instrument, and tokens that break the grammar, which are not
  written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from emo_assets.midi.general_midi import DRUMS
from emo_assets.midi.mixing import mix_parts
from emo_assets.midi.writer import MAX_MICROSECONDS, Note, Part, encode_midi
from emo_assets.tokens.grammar.event_tokens import (
    BARS,
    DRUM_PITCHES,
    DURATIONS,
    INSTRUMENTS,
    METERS,
    PITCHES,
    POSITIONS,
    TEMPOS,
    VELOCITIES,
)
from emo_assets.tokens.quantization import DURATION_BINS, POSITIONS_PER_QUARTER, TEMPO_BINS, VELOCITY_BINS
from emo_assets.tokens.vocabulary import EOS, MAX_BARS, TIME_SIGNATURES, UNK

RESOLUTION = 480
"""Ticks per quarter note, as in most of FIGARO's training data."""

MAX_NOTES_AT_ONCE = 16
"""Notes of one instrument at one position (FIGARO's limit)."""

DEFAULT_TEMPO = 120.0
"""Quarter notes per minute of events without a tempo."""

MIN_TEMPO = 60e6 / MAX_MICROSECONDS
"""Quarter notes per minute; a MIDI file has no slower tempos."""

_TICKS_PER_POSITION = RESOLUTION // POSITIONS_PER_QUARTER


def detokenize(events: Sequence[int], *, tempo: float | None = None, drum_kit: int = 0) -> bytes:
    """Write events as a MIDI file, in 480 ticks a quarter note, mixed by `midi.mixing`.

    Args:
        events: ids of event tokens; those that break the grammar are skipped.
        tempo: quarter notes per minute, exactly; None for the tempos of the events.
        drum_kit: program of the drum channel.

    Returns:
        The file's bytes.
    """
    score = _Score()
    for index, token in enumerate(events):
        following = events[index + 1] if index + 1 < len(events) else EOS
        if token in BARS or (token == UNK and score.bar >= MAX_BARS - 1 and following in (UNK, *METERS)):
            score.start_bar(following)
        elif token in POSITIONS and score.bar:
            score.add(token - POSITIONS.start, events[index + 1 : index + 5])
    tempos = score.tempos if tempo is None else [(0, tempo)]
    return encode_midi(
        mix_parts(score.parts(drum_kit), score.bar_starts),
        resolution=RESOLUTION,
        tempos=[(tick, max(value, MIN_TEMPO)) for tick, value in tempos or [(0, DEFAULT_TEMPO)]],
        # a time signature at the very end changes the bars that pretty_midi finds
        time_signatures=[
            change for change in score.time_signatures if not change[0] or change[0] < score.end
        ],
    )


class _Score:
    """The notes, tempos and time signatures so far.

    Attributes:
        bar: number of the current bar, 0 before the first.
        tempos: (tick, quarter notes per minute).
        time_signatures: (tick, numerator, denominator).
        bar_starts: ticks.
        end: tick at which the last note ends.
    """

    def __init__(self) -> None:
        self.bar = 0
        self.tempos: list[tuple[int, float]] = []
        self.time_signatures = [(0, 4, 4)]
        self.bar_starts: list[int] = []
        self.end = 0
        self._start = self._next_start = 0
        self._notes: dict[int, list[Note]] = {}
        self._at_once: Counter[tuple[int, int]] = Counter()

    def start_bar(self, following: int) -> None:
        """Start a bar with the token that follows its Bar token, normally its time signature."""
        self.bar += 1
        self._start = self._next_start
        self.bar_starts.append(self._start)
        if following in METERS:
            self._set_time_signature(*TIME_SIGNATURES[following - METERS.start])
        _, numerator, denominator = self.time_signatures[-1]
        self._next_start = self._start + 4 * RESOLUTION * numerator // denominator

    def _set_time_signature(self, numerator: int, denominator: int) -> None:
        if self.time_signatures[-1] == (0, 4, 4) and not self._start:
            self.time_signatures = [(0, numerator, denominator)]
        elif self.time_signatures[-1][1:] != (numerator, denominator):
            self.time_signatures.append((self._start, numerator, denominator))

    def add(self, position: int, tokens: Sequence[int]) -> None:
        """Add the tempo or note that follows a position, if any."""
        tick = self._start + position * _TICKS_PER_POSITION
        if tokens and tokens[0] in TEMPOS:
            tempo = TEMPO_BINS[tokens[0] - TEMPOS.start]
            if not self.tempos or self.tempos[-1][1] != tempo:
                self.tempos.append((tick if self.tempos else 0, float(tempo)))
        elif (
            len(tokens) == 4
            and tokens[0] in INSTRUMENTS
            and tokens[2] in VELOCITIES
            and tokens[3] in DURATIONS
        ):
            instrument = tokens[0] - INSTRUMENTS.start
            pitches = DRUM_PITCHES if instrument == DRUMS else PITCHES
            if tokens[1] in pitches:
                self._add_note(tick, instrument, tokens[1] - pitches.start, tokens[2], tokens[3])

    def _add_note(self, tick: int, instrument: int, pitch: int, velocity: int, duration: int) -> None:
        """Add a note, its velocity and duration given as tokens, unless there are too many at its tick."""
        self._at_once[tick, instrument] += 1
        if self._at_once[tick, instrument] > MAX_NOTES_AT_ONCE:
            return
        end = tick + int(DURATION_BINS[duration - DURATIONS.start]) * _TICKS_PER_POSITION
        self.end = max(self.end, end)
        loudness = min(max(int(VELOCITY_BINS[velocity - VELOCITIES.start]), 1), 127)
        self._notes.setdefault(instrument, []).append(Note(tick, end, pitch, loudness))

    def parts(self, drum_kit: int) -> list[Part]:
        """Return one part per instrument."""
        return [
            Part(drum_kit if instrument == DRUMS else instrument, instrument == DRUMS, notes)
            for instrument, notes in self._notes.items()
        ]
