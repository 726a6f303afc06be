"""The grammar of events ("REMI+", section 4 of FIGARO's paper).

A song is one or more bars, numbered from `Bar_1` without gaps. A bar is `Bar_n` and `Time Signature_a/b`;
then `Position_0 Chord_c` if a chord is current; then `Position_0 Tempo_t` if a tempo is current; then any
number of items at positions that never go back and lie inside the bar. An item is `Position_p` followed by

- `Chord_c`, different from the current one, which it replaces;
- `Tempo_t`, which replaces the current one; the same token may mean another tempo of the same bin; or
- a note: `Instrument_i`, `Pitch_p` (`Pitch_drum_p` for drums), `Velocity_v`, `Duration_d`.

Within one position items come in any order and notes may repeat: FIGARO orders them by tick before it rounds
ticks to positions. `Constraints` ask for one order.

Tokens outside the vocabulary read as `<unk>`, which the grammar allows exactly there: for the `Bar` token of
every bar past `Bar_511`, for a time signature, and in a bar of such a time signature for the positions past
`Position_143`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from emo_assets.tokens.grammar.errors import GrammarError
from emo_assets.tokens.grammar.event_constraints import Constraints
from emo_assets.tokens.grammar.event_state import EventState, Expected
from emo_assets.tokens.grammar.event_tokens import CHORDS, DURATIONS, METERS, TEMPOS, VELOCITIES
from emo_assets.tokens.vocabulary import EOS, EVENTS, UNK


class NoteEvent(NamedTuple):
    """One note of a bar.

    Attributes:
        position: 0..143, or 144 for any later one, in a bar whose time signature has no token.
        instrument: General MIDI program, 128 for drums.
        pitch: MIDI pitch, 0..127.
        velocity: index into `quantization.VELOCITY_BINS`.
        duration: index into `quantization.DURATION_BINS`.
    """

    position: int
    instrument: int
    pitch: int
    velocity: int
    duration: int


@dataclass(slots=True)
class EventBar:
    """The events of one bar.

    Numbers count within their kind: `i` is the token `EVENTS.span(kind)[i]`.

    Attributes:
        time_signature: index into `vocabulary.TIME_SIGNATURES`; None when it is outside the vocabulary.
        chord: the chord that is current at the bar line, None before the first.
        tempo: index into `quantization.TEMPO_BINS` of the tempo at the bar line, None before the first.
        chords: changes of the chord as (position, index into `vocabulary.CHORDS`).
        tempos: changes of the tempo as (position, index into `quantization.TEMPO_BINS`).
        notes: the notes in their order.
    """

    time_signature: int | None
    chord: int | None
    tempo: int | None
    chords: list[tuple[int, int]] = field(default_factory=list)
    tempos: list[tuple[int, int]] = field(default_factory=list)
    notes: list[NoteEvent] = field(default_factory=list)


class EventGrammar:
    """The grammar of events."""

    def start(self, constraints: Constraints | None = None) -> EventState:
        """Return the state before the first token (after `<bos>`).

        Args:
            constraints: what a generated song must have; None for any song.
        """
        return EventState(constraints)

    def parse(self, ids: Iterable[int]) -> list[EventBar]:
        """Return the bars of a whole song.

        Args:
            ids: token ids without `<bos>` and `<eos>`.

        Raises:
            GrammarError: `ids` are not a song; it says where and why.
        """
        state = self.start()
        bars: list[EventBar] = []
        velocity = 0
        for token in ids:
            if token == EOS:
                raise GrammarError(state.index, EVENTS.tokens[EOS], "a sequence without it")
            following = state.advance(token)
            if state.expected is Expected.VELOCITY:
                velocity = token - VELOCITIES.start
            elif state.expected is Expected.DURATION:
                note = (state.position, state.instrument, state.pitch, velocity, token - DURATIONS.start)
                bars[-1].notes.append(NoteEvent(*note))
            elif state.expected in (Expected.TIME_SIGNATURE, Expected.ITEM_OR_TIME_SIGNATURE, Expected.ITEM):
                _on_change(bars, state, token)
            state = following
        if not state.allowed[EOS]:
            raise GrammarError.at_end(state.index, EVENTS, state.allowed)
        return bars


def _on_change(bars: list[EventBar], state: EventState, token: int) -> None:
    """Add a bar, on its time signature, or a change of chord or tempo to the last bar."""
    if token in CHORDS:
        bars[-1].chords.append((state.position, token - CHORDS.start))
    elif token in TEMPOS:
        bars[-1].tempos.append((state.position, token - TEMPOS.start))
    elif token == UNK or token in METERS:
        bar = EventBar(
            time_signature=None if token == UNK else token - METERS.start,
            chord=state.chord - CHORDS.start if state.chord else None,
            tempo=state.tempo - TEMPOS.start if state.tempo else None,
        )
        bars.append(bar)
