"""What a song leans to where its description leaves it free: rhythm, lead, chord tones.

A description says nothing of rhythm and melody, and names chords without saying who plays them; yet these are
what people hear first. So among the tokens that `obedience` allows some are made likelier and some less
likely: onsets of drums and basses that stood in the bar before; in bars that sing a single line in small
steps above the others; tones of the chord that is named, and of the key. Nothing is forced, and a neutral
song is left as the network would write it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from emo_assets.figaro.constraints import bar_positions
from emo_assets.figaro.instrument_limits import compass, hands
from emo_assets.midi.general_midi import BASS_PROGRAMS, DRUMS
from emo_assets.music_theory import CHORD_TONES, MAJOR_SCALE
from emo_assets.tokens.grammar.descriptions import DescribedBar
from emo_assets.tokens.grammar.event_constraints import note_order
from emo_assets.tokens.grammar.event_state import EventState, Expected
from emo_assets.tokens.quantization import DURATION_BINS
from emo_assets.tokens.vocabulary import CHORD_QUALITIES, EVENTS, EventKind

_POSITIONS = EVENTS.span(EventKind.POSITION)
_INSTRUMENTS = EVENTS.span(EventKind.INSTRUMENT)
_PITCHES = EVENTS.span(EventKind.PITCH)
_DRUM_PITCHES = EVENTS.span(EventKind.PITCH_DRUM)
_VELOCITIES = EVENTS.span(EventKind.VELOCITY)
_DURATIONS = EVENTS.span(EventKind.DURATION)
_BARS = EVENTS.span(EventKind.BAR)
_CHORDS = EVENTS.span(EventKind.CHORD)

OCTAVE = 12

RHYTHM_BIAS = 3.0
"""Nats by which a fully steady song prefers onsets of the bar before; a fully loose one avoids them so."""

STEP_BIAS = 4.0
"""Nats by which a lead prefers steps of one or two semitones; in songs without a lead others avoid them."""

LEAD_PENALTY = 8.0
"""Nats against a lead's notes in bars that do not sing, and against a second one at the same time."""

LEAD_ENTRY_BONUS = 2.0
"""Nats for the lead's instrument in bars that sing, while it is not sounding."""

LEAD_VELOCITY_BONUS = 2.0
"""Nats for velocities of a lead that are not below the bar's mean."""

LEAD_REGISTER = range(58, 92)
"""MIDI pitches of a lead."""

PHRASE_BARS = 8
"""Bars after which the alternation of melody_share and playing begins anew."""

CHORD_TONE_BONUS = 2.0
"""Nats for tones of the chord, for all but leads, which pass through others, too."""

CHORD_ROOT_BONUS = 2.0
"""Nats for the chord's root in basses, without which a chord is heard as another one."""

OUT_OF_SCALE_PENALTY = 2.5
"""Nats against tones that are neither in the chord nor in the key's scale."""

SCALES = ((0, 2, 3, 5, 7, 8, 10, 11), MAJOR_SCALE)
"""Semitones above the tonic: minor, natural and harmonic in one, and major."""

UNPLAYABLE_PENALTY = 30.0
"""Nats against what no player could do: it is left for where the grammar leaves nothing else."""


MIN_MELODY_SUITABILITY = 4
"""Instruments that are suited less lead only where there is no better one."""

_MELODY_SUITABILITY: tuple[tuple[range, int], ...] = (
    (range(64, 80), 9),  # reeds and pipes
    (range(80, 88), 9),  # synthesizer leads
    (range(40, 42), 8),  # violin, viola
    (range(52, 55), 8),  # voices
    (range(56, 61), 7),  # brass
    (range(21, 24), 7),  # accordion, harmonica
    (range(104, 112), 6),
    (range(8, 15), 5),  # bells and mallets
    (range(24, 32), 4),  # guitars
    (range(42, 44), 4),
    (range(8), 3),  # pianos
    (range(16, 21), 2),  # organs
    (range(44, 52), 1),  # strings and ensembles
    (range(88, 104), 1),  # pads
)


@dataclass(frozen=True)
class StyleTargets:
    """What a song should lean to.

    Attributes:
        steadiness: of the rhythm, -1 (never twice the same bar) over 0 (as the network likes) to 1 (steady).
        melody_share: share of the bars that have a lead line, 0 to 1; None for as the network likes.
        key: tonic, 0..11, and mode, 0 minor or 1 major, that the notes keep to; None for as the network
            likes.
        playable: whether instruments keep to their compass, and to as many notes at a time as hands can
            play; otherwise as the network likes.
    """

    steadiness: float = 0.0
    melody_share: float | None = None
    key: tuple[int, int] | None = None
    playable: bool = False


def melody_suitability(instrument: int) -> int:
    """Return how well an instrument leads, 0 for basses, drums and effects."""
    return next((suited for programs, suited in _MELODY_SUITABILITY if instrument in programs), 0)


def has_melody(bar: int, share: float) -> bool:
    """Return whether a bar, counted from 0, has a melody: the last `share` of the bars of each phrase do."""
    return bar % PHRASE_BARS >= PHRASE_BARS - round(PHRASE_BARS * share)


def melody_capable_share(bars: Sequence[DescribedBar]) -> float:
    """Return the share of a description's bars in which some instrument can lead."""
    return float(
        np.mean(
            [
                any(melody_suitability(each) >= MIN_MELODY_SUITABILITY for each in bar.instruments)
                for bar in bars
            ]
        )
    )


class StyleBias:
    """Follows one song as it is written and says what is likelier than the network thinks.

    Args:
        bars: the description.
        wish: what it leans to.
    """

    def __init__(self, bars: Sequence[DescribedBar], wish: StyleTargets) -> None:
        self._bars = bars
        self._wish = wish
        self._lead = _lead_of(bars)
        self._before: set[tuple[int, int, int]] = set()
        self._rhythm: set[tuple[int, int, int]] = set()
        self._last_pitch: dict[int, int] = {}
        self._lead_until = 0
        self._bar = 0
        self._begun: Counter[int] = Counter()
        self._begun_at = (0, -1)

    def biases(self, state: EventState, allowed: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """Return what is to be added to the logits of the allowed tokens, shape (allowed,); None for nothing.

        Args:
            state: where the song is.
            allowed: ids of the tokens that may come next.
        """
        match state.expected:
            case Expected.POSITION:
                return self._of_positions(state, allowed)
            case Expected.ITEM:
                return self._of_items(state, allowed)
            case Expected.PITCH:
                return self._of_pitches(state, allowed)
            case Expected.VELOCITY:
                return self._of_velocities(state, allowed)
            case _:
                return None

    def advance(self, before: EventState, token: int) -> None:
        """Take up one more token, written in the state `before`."""
        if token in _BARS:
            self._enter(before.bar)
        elif before.expected is Expected.PITCH:
            self._begun = self._begun_here(before) + Counter([before.instrument])
            self._begun_at = (before.bar, before.position)
            if before.instrument == DRUMS:
                self._rhythm.add((before.position, DRUMS, token - _DRUM_PITCHES.start))
            else:
                self._last_pitch[before.instrument] = token - _PITCHES.start
                if before.instrument in BASS_PROGRAMS:
                    self._rhythm.add((before.position, before.instrument, 0))
        elif before.expected is Expected.DURATION and before.instrument == self._leading:
            self._lead_until = before.position + int(DURATION_BINS[token - _DURATIONS.start])

    @property
    def _leading(self) -> int | None:
        """The instrument that leads in the present bar, if it were to sing."""
        playing = self._playing
        return self._lead if self._lead in playing else _best_suited(Counter(playing))

    @property
    def _playing(self) -> Sequence[int]:
        """The instruments of the present bar."""
        return self._bars[self._bar - 1].instruments if self._bar else ()

    @property
    def _is_singing(self) -> bool:
        return self._wish.melody_share is not None and has_melody(self._bar - 1, self._wish.melody_share)

    def _enter(self, bars_before: int) -> None:
        """Begin the bar after `bars_before` others."""
        length = bar_positions(self._bars[bars_before - 1]) if bars_before else 0
        same_length = bars_before and length == bar_positions(self._bars[bars_before])
        self._before = self._rhythm if same_length else set()
        self._rhythm = set()
        self._lead_until = max(0, self._lead_until - length)
        self._bar = bars_before + 1

    def _begun_here(self, state: EventState) -> Counter[int]:
        """Return how many notes each instrument has begun at the place where the song is."""
        return self._begun if self._begun_at == (state.bar, state.position) else Counter()

    def _full(self, state: EventState) -> set[int]:
        """Return the instruments of the bar that cannot begin another note at the place where the song is."""
        begun = self._begun_here(state)
        full = {each for each in self._playing if begun[each] >= hands(each)}
        if begun and state.instrument != DRUMS and state.pitch + 1 >= compass(state.instrument).stop:
            full.add(state.instrument)  # notes at one place go upwards
        return full

    def _none_may_follow(self, state: EventState) -> bool:
        """Whether nobody can begin another note at the place where the song is."""
        if not self._begun_here(state):
            return False
        later = [each for each in self._playing if note_order(each) >= note_order(state.instrument)]
        return self._full(state).issuperset(later)

    def _pending(self) -> set[tuple[int, int, int]]:
        """Return the onsets of the bar before that have not come in this one."""
        return self._before - self._rhythm

    def _of_positions(self, state: EventState, allowed: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """Lean away from where no hand is free, and against passing over the next onset of the bar before."""
        pulled = self._of_onsets(state, allowed)
        if self._wish.playable and self._none_may_follow(state):
            here = np.where(
                allowed == _POSITIONS[state.position], np.float32(-UNPLAYABLE_PENALTY), np.float32(0)
            )
            pulled = here if pulled is None else pulled + here
        return pulled

    def _of_onsets(self, state: EventState, allowed: NDArray[np.int64]) -> NDArray[np.float32] | None:
        if not self._wish.steadiness or not self._before:
            return None
        tokens = [_POSITIONS[place] for place, _, _ in self._pending() if place >= state.position]
        reached = np.intersect1d(tokens, allowed)
        if not len(reached):
            return None
        passes = (allowed > reached[0]) | (allowed < _POSITIONS.start)  # later, or out of the bar
        return np.where(passes, np.float32(-RHYTHM_BIAS * self._wish.steadiness), np.float32(0))

    def _of_items(self, state: EventState, allowed: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """Lean to the drums and basses of the bar before, and keep leads to one note at a time."""
        pulled = np.zeros(len(allowed), np.float32)
        instruments = allowed - _INSTRUMENTS.start
        if self._wish.playable:
            pulled -= UNPLAYABLE_PENALTY * np.isin(instruments, list(self._full(state)))
        pending = {instrument for place, instrument, _ in self._pending() if place == state.position}
        if self._before and self._wish.steadiness:
            is_rhythm = (instruments == DRUMS) | np.isin(instruments, BASS_PROGRAMS)
            stood = np.isin(instruments, list(pending))
            pulled += np.where(stood, 1, np.where(is_rhythm, -1, 0)) * RHYTHM_BIAS * self._wish.steadiness
        if self._wish.melody_share is not None:
            is_lead = instruments == self._leading
            free = self._is_singing and state.position >= self._lead_until
            pulled += np.where(is_lead, LEAD_ENTRY_BONUS if free else -LEAD_PENALTY, 0)
        return pulled

    def _of_pitches(self, state: EventState, allowed: NDArray[np.int64]) -> NDArray[np.float32] | None:
        if state.instrument == DRUMS:
            return self._of_drums(state, allowed)
        pitches = allowed - _PITCHES.start
        leads = self._is_singing and state.instrument == self._leading
        pulled = np.zeros(len(allowed), np.float32)
        if self._wish.playable:
            playable = compass(state.instrument)
            pulled -= UNPLAYABLE_PENALTY * ((pitches < playable.start) | (pitches >= playable.stop))
        if self._wish.key is not None:
            root, tones, scale = _chord_and_scale(state.chord, self._wish.key)
            pulled -= OUT_OF_SCALE_PENALTY * ~scale[pitches % OCTAVE]
            pulled += (0 if leads else CHORD_TONE_BONUS) * tones[pitches % OCTAVE]
            pulled += (CHORD_ROOT_BONUS if state.instrument in BASS_PROGRAMS else 0) * (
                pitches % OCTAVE == root
            )
        if self._wish.melody_share is None or state.instrument in BASS_PROGRAMS:
            return pulled
        last = self._last_pitch.get(state.instrument, -OCTAVE)
        distance = np.abs(pitches - last)
        is_step = (distance >= 1) & (distance <= 2)
        if leads:
            outside = (pitches < LEAD_REGISTER.start) | (pitches >= LEAD_REGISTER.stop)
            pulled += STEP_BIAS * is_step - LEAD_PENALTY * outside
        else:
            pulled -= STEP_BIAS * max(0.0, 1 - 2 * self._wish.melody_share) * is_step
        return pulled

    def _of_drums(self, state: EventState, allowed: NDArray[np.int64]) -> NDArray[np.float32] | None:
        if not self._before or not self._wish.steadiness:
            return None
        stood = [pitch for place, who, pitch in self._pending() if place == state.position and who == DRUMS]
        known = np.isin(allowed - _DRUM_PITCHES.start, stood)
        return np.where(known, np.float32(RHYTHM_BIAS * self._wish.steadiness), np.float32(0))

    def _of_velocities(self, state: EventState, allowed: NDArray[np.int64]) -> NDArray[np.float32] | None:
        if not self._is_singing or state.instrument != self._leading:
            return None
        mean = self._bars[self._bar - 1].mean_velocity
        return np.where(allowed - _VELOCITIES.start >= mean, np.float32(LEAD_VELOCITY_BONUS), np.float32(0))


@cache
def _chord_and_scale(chord: int, key: tuple[int, int]) -> tuple[int, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return a chord's root, which pitch classes it has, and which belong to it or to the key, shape (12,).

    The root is -1 where no chord sounds.

    Args:
        chord: id of the event that names it; anything else for none.
        key: tonic and mode.
    """
    root, tones, fitting = -1, np.zeros(OCTAVE, np.bool_), np.zeros(OCTAVE, np.bool_)
    if chord in _CHORDS[:-1]:
        root, quality = divmod(chord - _CHORDS.start, len(CHORD_QUALITIES))
        tones[[(root + tone) % OCTAVE for tone in CHORD_TONES[CHORD_QUALITIES[quality]]]] = True
    fitting[[(key[0] + tone) % OCTAVE for tone in SCALES[key[1]]]] = True
    return root, tones, fitting | tones


def _lead_of(bars: Sequence[DescribedBar]) -> int | None:
    """Return the instrument that leads the song: well suited, and in many bars; None where none can."""
    return _best_suited(Counter(instrument for bar in bars for instrument in bar.instruments))


def _best_suited(playing: Counter[int]) -> int | None:
    weights = {instrument: melody_suitability(instrument) * count for instrument, count in playing.items()}
    best = max(weights, key=lambda instrument: (weights[instrument], -instrument), default=None)
    return best if best is not None and weights[best] else None
