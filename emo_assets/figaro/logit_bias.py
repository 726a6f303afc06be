"""Logit biases for what a description leaves open: steady rhythm, melody, chord tones, playability.

A description has no rhythm and no melody, and does not say which instrument plays its chords. So among the
tokens that `constraints` allows, some become more likely and others less: onsets of drums and basses of the
previous bar; in bars with a melody, a single line in small steps above the others; tones of the current
chord and of the key, above all those that tell the key from its nearest rival; what the bar had that the
song's form repeats, and a held chord in its last bar. Nothing is forced, and without targets the network
decides alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from emo_assets.figaro.bar_copying import CopyPointers
from emo_assets.figaro.constraints import bar_positions
from emo_assets.figaro.instrument_limits import max_polyphony, pitch_range
from emo_assets.key_profiles import CLEAR_KEY, telling_pitch_classes
from emo_assets.metrics.description_features import chord_tone_weights
from emo_assets.midi.general_midi import BASS_PROGRAMS, DRUMS, MIN_MELODY_SUITABILITY, melody_suitability
from emo_assets.music_theory import CHORD_TONES, MAJOR_SCALE
from emo_assets.tokens.grammar.descriptions import DescribedBar
from emo_assets.tokens.grammar.event_constraints import note_order
from emo_assets.tokens.grammar.event_state import EventState, Expected
from emo_assets.tokens.quantization import DURATION_BINS, POSITIONS_PER_QUARTER
from emo_assets.tokens.vocabulary import CHORD_QUALITIES, EVENTS, TIME_SIGNATURES, EventKind

_POSITIONS = EVENTS.span(EventKind.POSITION)
_INSTRUMENTS = EVENTS.span(EventKind.INSTRUMENT)
_PITCHES = EVENTS.span(EventKind.PITCH)
_DRUM_PITCHES = EVENTS.span(EventKind.PITCH_DRUM)
_VELOCITIES = EVENTS.span(EventKind.VELOCITY)
_DURATIONS = EVENTS.span(EventKind.DURATION)
_BARS = EVENTS.span(EventKind.BAR)
_CHORDS = EVENTS.span(EventKind.CHORD)

OCTAVE = 12

# biases, in nats
RHYTHM_BIAS = 3.0  # for onsets of the previous bar at steadiness 1, against them at -1
SOURCE_BIAS = 3.5  # for the event that repeats the bar's source
MOTIF_BIAS = 1.5  # in a bar without a source: for the event that repeats the bar two before
ENDING_LENGTH_BIAS = 3.0  # for notes twice as long in the last bar of a song with a form
LEAP_PENALTY = 4.0  # against leaps of more than LARGEST_LEAP semitones in a lead, and against its edges
ENDING_PENALTY = 8.0  # against other tones than the chord's in that bar, and in basses than its root
STEP_BIAS = 3.5  # for steps of 1 or 2 semitones in a lead, against them in others of a song without melody
LEAD_PENALTY = 12.0  # against the lead in bars without a melody, and against two notes of it at a time
LEAD_ENTRY_BONUS = 2.0  # for the lead in bars with a melody, while no note of it sounds
LEAD_VELOCITY_BONUS = 2.0  # for velocities of the lead that are not below the bar's mean
CHORD_TONE_BONUS = 2.0  # for tones of the chord, except in leads, which use passing tones
CHORD_ROOT_BONUS = 3.0  # for the chord's root in basses, without which it sounds like another chord
OUT_OF_SCALE_PENALTY = 2.5  # against tones that are neither in the chord nor in the key's scale
KEY_BONUS = 2.0  # for tones that tell the key from its strongest rival, while the rival fits the notes so far
NOTE_RATE_BIAS = 0.7  # against waiting twice as long for the next note at note_rate 1, for it at -1
LENGTH_BIAS = 1.0  # for notes twice as long at note_length 1, against them at -1
DRUMS_BIAS = 1.5  # for drums at drums 1, against them at -1
UNPLAYABLE_PENALTY = 30.0  # against notes that no player can play, unless the grammar leaves nothing else

DESCRIPTION_WEIGHT = 8.0
"""Length in quarter notes for which the description's chords count beside the notes so far, for the key."""

LEAD_REGISTER = range(58, 92)
"""MIDI pitches of a lead."""

MOTIF_LAG = 2
"""Bars between a motif and its return."""

LARGEST_LEAP = 7
"""Semitones of the largest interval of a lead that is no leap."""

LEAD_REACH = 10
"""Semitones that a lead goes above and below its mean pitch."""

PHRASE_BARS = 8
"""Length of a phrase: bars without a melody, then bars with one."""

SCALES = ((0, 2, 3, 5, 7, 8, 10, 11), MAJOR_SCALE)
"""Semitones above the tonic: natural and harmonic minor in one, and major."""


@dataclass(frozen=True)
class StyleTargets:
    """What a song should prefer beyond its description.

    Attributes:
        steadiness: of the rhythm, from -1 (never the same bar twice) over 0 (no preference) to 1 (steady).
        melody_share: share of the bars with a melody, 0 to 1; None for no preference.
        key: tonic, 0 to 11, and mode, 0 minor or 1 major, of the notes; None for no preference.
        backbeat: whether a snare plays on beats 2 and 4 of bars of four beats with drums.
        note_rate: of all notes, from -1 (few) over 0 (no preference) to 1 (many).
        note_length: of pitched notes, from -1 (short) over 0 (no preference) to 1 (long).
        drums: how much of the music they are, from -1 (little) over 0 (no preference) to 1 (much).
        sources: the earlier bar that each bar repeats, counted from 0; None for a new bar. Empty without a
            form.
        playable: whether instruments keep to their `pitch_range` and `max_polyphony`.
    """

    steadiness: float = 0.0
    melody_share: float | None = None
    key: tuple[int, int] | None = None
    backbeat: bool = False
    note_rate: float = 0.0
    note_length: float = 0.0
    drums: float = 0.0
    playable: bool = False
    sources: tuple[int | None, ...] = ()


def has_melody(bar: int, share: float) -> bool:
    """Return whether a bar, counted from 0, has a melody: the last `share` of the bars of each phrase do."""
    return bar % PHRASE_BARS >= PHRASE_BARS - round(PHRASE_BARS * share)


def melody_capable_share(bars: Sequence[DescribedBar]) -> float:
    """Return the share of a description's bars in which some instrument can play a melody."""
    best = [max(map(melody_suitability, bar.instruments), default=0) for bar in bars]
    return float(np.mean([rating >= MIN_MELODY_SUITABILITY for rating in best]))


FOUR_FOUR = TIME_SIGNATURES.index((4, 4))
BACKBEAT_POSITIONS = (POSITIONS_PER_QUARTER, 3 * POSITIONS_PER_QUARTER)
SNARES = (38, 40)
"""General MIDI's acoustic and electric snare."""

Onset = tuple[int, int, int]
"""Position, instrument, and pitch of a drum (0 for basses)."""


class StyleBias:
    """Tracks one song while it is generated, and biases the logits towards its targets.

    Args:
        bars: the description.
        targets: what the song should prefer.
    """

    def __init__(self, bars: Sequence[DescribedBar], targets: StyleTargets) -> None:
        self._bars = bars
        self._targets = targets
        self._lead = _best_lead(Counter(instrument for bar in bars for instrument in bar.instruments))
        self._previous_rhythm: set[Onset] = set()
        self._rhythm: set[Onset] = set()
        self._last_pitch: dict[int, int] = {}
        self._lead_until = 0  # position in the bar
        self._lead_pitches: list[int] = []
        self._bar = 0
        self._onsets: Counter[int] = Counter()  # notes of each instrument at ..
        self._onsets_at = (0, -1)  # .. this bar and position
        chords = chord_tone_weights(bars)
        # quarter notes of each pitch class, (12,)
        self._lengths = DESCRIPTION_WEIGHT * chords / max(chords.sum(), 1)
        self._key_biases = np.zeros(OCTAVE)
        self._pointers = CopyPointers()

    def biases(self, state: EventState, allowed: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return what to add to the logits of the allowed tokens, in nats, shape (allowed,).

        Args:
            state: of the event grammar.
            allowed: ids of the tokens that may come next.
        """
        biases = np.zeros(len(allowed), np.float32)
        match state.expected:
            case Expected.POSITION:
                self._bias_positions(state, allowed, biases)
            case Expected.ITEM:
                self._bias_items(state, allowed - _INSTRUMENTS.start, biases)
            case Expected.PITCH if state.instrument == DRUMS:
                self._bias_drums(state, allowed - _DRUM_PITCHES.start, biases)
            case Expected.PITCH:
                self._bias_pitches(state, allowed - _PITCHES.start, biases)
            case Expected.VELOCITY if self._is_melody(state.instrument):
                mean = self._bars[self._bar - 1].mean_velocity
                biases += LEAD_VELOCITY_BONUS * (allowed - _VELOCITIES.start >= mean)
            case Expected.DURATION if state.instrument != DRUMS:
                self._bias_durations(state, DURATION_BINS[allowed - _DURATIONS.start], biases)
        if self._targets.sources and 0 < self._bar < len(self._bars):
            source, bar = self._targets.sources[self._bar - 1], self._bar - 1
            if source is not None:
                biases += SOURCE_BIAS * (allowed == self._pointers.suggestion(source))
            elif bar >= MOTIF_LAG:
                biases += MOTIF_BIAS * (allowed == self._pointers.suggestion(bar - MOTIF_LAG))
        return biases

    def advance(self, before: EventState, token: int) -> None:
        """Append a token.

        Args:
            before: the state of the event grammar before it.
            token: its id.
        """
        self._pointers.advance(token)
        if token in _BARS:
            self._begin_bar(before.bar)
        elif before.expected is Expected.PITCH:
            self._onsets = self._onsets_here(before) + Counter([before.instrument])
            self._onsets_at = (before.bar, before.position)
            if before.instrument == DRUMS:
                self._rhythm.add((before.position, DRUMS, token - _DRUM_PITCHES.start))
            else:
                self._last_pitch[before.instrument] = token - _PITCHES.start
                if before.instrument == self._bar_lead:
                    self._lead_pitches.append(token - _PITCHES.start)
                if before.instrument in BASS_PROGRAMS:
                    self._rhythm.add((before.position, before.instrument, 0))
        elif before.expected is Expected.DURATION and before.instrument != DRUMS:
            duration = int(DURATION_BINS[token - _DURATIONS.start])
            self._lengths[before.pitch % OCTAVE] += duration / POSITIONS_PER_QUARTER
            if before.instrument == self._bar_lead:
                self._lead_until = before.position + duration

    def _begin_bar(self, index: int) -> None:
        """Begin the bar with an index, counted from 0."""
        length = bar_positions(self._bars[index - 1]) if index else 0
        same_length = index and length == bar_positions(self._bars[index])
        self._previous_rhythm = self._rhythm if same_length else set()
        if self._targets.backbeat and self._bars[index].time_signature == FOUR_FOUR:
            self._previous_rhythm |= self._backbeat(index)
        self._rhythm = set()
        self._lead_until = max(0, self._lead_until - length)
        self._bar = index + 1
        if self._targets.key is not None and np.ptp(self._lengths) > 0:
            margin, telling = telling_pitch_classes(self._lengths, *self._targets.key)
            self._key_biases = KEY_BONUS * min(max(1 - margin / CLEAR_KEY, 0), 1) * telling

    def _backbeat(self, index: int) -> set[Onset]:
        """Return the snares on beats 2 and 4 that the rhythm of the bar before lacks; none without drums."""
        if DRUMS not in self._bars[index].instruments:
            return set()
        snares = {
            position
            for position, _, pitch in self._previous_rhythm
            if pitch in SNARES and position in BACKBEAT_POSITIONS
        }
        return {(position, DRUMS, SNARES[0]) for position in BACKBEAT_POSITIONS if position not in snares}

    @property
    def _instruments(self) -> Sequence[int]:
        """The instruments of the current bar."""
        return self._bars[self._bar - 1].instruments if self._bar else ()

    @property
    def _is_ending(self) -> bool:
        """Whether this is the last bar of a song with a form."""
        return bool(self._targets.sources) and self._bar == len(self._bars)

    @property
    def _bar_lead(self) -> int | None:
        """The instrument for a melody in the current bar."""
        instruments = self._instruments
        return self._lead if self._lead in instruments else _best_lead(Counter(instruments))

    def _is_melody(self, instrument: int) -> bool:
        """Return whether an instrument plays the melody of the current bar."""
        share = self._targets.melody_share
        return share is not None and has_melody(self._bar - 1, share) and instrument == self._bar_lead

    def _onsets_here(self, state: EventState) -> Counter[int]:
        """Return how many notes each instrument has at the current position."""
        return self._onsets if self._onsets_at == (state.bar, state.position) else Counter()

    def _later_instruments(self, state: EventState) -> set[int]:
        """Return the instruments that may have the next note of the current position."""
        return {each for each in self._instruments if note_order(each) >= note_order(state.instrument)}

    def _exhausted(self, state: EventState) -> set[int]:
        """Return the instruments that cannot play another note at the current position."""
        onsets = self._onsets_here(state)
        exhausted = {each for each in self._instruments if onsets[each] >= max_polyphony(each)}
        if onsets and state.instrument != DRUMS and state.pitch + 1 >= pitch_range(state.instrument).stop:
            exhausted.add(state.instrument)  # notes of a position ascend
        return exhausted

    def _is_full(self, state: EventState) -> bool:
        """Return whether no instrument can play another note at the current position."""
        if not self._onsets_here(state):
            return False
        return self._later_instruments(state) <= self._exhausted(state)

    def _only_lead_may_follow(self, state: EventState) -> bool:
        """Return whether another note at the current position could only be a second one of the lead."""
        lead = self._bar_lead
        return (
            lead is not None
            and self._onsets_here(state)[lead] > 0
            and self._later_instruments(state) == {lead}
        )

    def _pending(self) -> set[Onset]:
        """Return the onsets of the previous bar that this one does not have yet."""
        return self._previous_rhythm - self._rhythm

    def _bias_positions(
        self, state: EventState, allowed: NDArray[np.int64], biases: NDArray[np.float32]
    ) -> None:
        """Prefer not to pass the next onset of the previous bar; avoid positions that are full."""
        if self._targets.note_rate:
            in_bar = (allowed >= _POSITIONS.start) & (allowed < _POSITIONS.stop)
            length = bar_positions(self._bars[self._bar - 1])
            wait = np.where(in_bar, allowed - _POSITIONS.start, length) - max(state.position, 0)
            biases -= NOTE_RATE_BIAS * self._targets.note_rate * np.log2(1 + np.maximum(wait, 0))
        if self._targets.steadiness and self._previous_rhythm:
            tokens = [
                _POSITIONS[position] for position, _, _ in self._pending() if position >= state.position
            ]
            reached = np.intersect1d(tokens, allowed)
            if len(reached):
                passes = (allowed > reached[0]) | (allowed < _POSITIONS.start)  # later, or out of the bar
                biases -= RHYTHM_BIAS * self._targets.steadiness * passes
        if self._targets.playable and self._is_full(state):
            biases -= UNPLAYABLE_PENALTY * (allowed == _POSITIONS[state.position])
        elif self._targets.melody_share is not None and self._only_lead_may_follow(state):
            biases -= LEAD_PENALTY * (allowed == _POSITIONS[state.position])

    def _bias_items(
        self, state: EventState, instruments: NDArray[np.int64], biases: NDArray[np.float32]
    ) -> None:
        """Prefer the drums and basses of the previous bar, and keep leads to one note at a time."""
        steadiness, position = self._targets.steadiness, state.position
        biases += DRUMS_BIAS * self._targets.drums * (instruments == DRUMS)
        if self._targets.playable:
            biases -= UNPLAYABLE_PENALTY * np.isin(instruments, list(self._exhausted(state)))
        if self._previous_rhythm and steadiness:
            pending = {instrument for onset, instrument, _ in self._pending() if onset == position}
            is_pending = np.isin(instruments, list(pending))
            is_rhythm = (instruments == DRUMS) | np.isin(instruments, BASS_PROGRAMS)
            biases += np.where(is_pending, 1, np.where(is_rhythm, -1, 0)) * RHYTHM_BIAS * steadiness
        if self._targets.melody_share is not None:
            lead = self._bar_lead
            is_free = lead is not None and self._is_melody(lead) and position >= self._lead_until
            biases += np.where(instruments == lead, LEAD_ENTRY_BONUS if is_free else -LEAD_PENALTY, 0)

    def _bias_durations(
        self, state: EventState, durations: NDArray[np.int64], biases: NDArray[np.float32]
    ) -> None:
        """Prefer short or long notes, and in the last bar notes that are held to its end."""
        bias = LENGTH_BIAS * self._targets.note_length
        if self._is_ending:
            bias = ENDING_LENGTH_BIAS
            durations = np.minimum(durations, bar_positions(self._bars[-1]) - state.position)
        biases += bias * np.log2(durations / POSITIONS_PER_QUARTER)

    def _bias_drums(self, state: EventState, pitches: NDArray[np.int64], biases: NDArray[np.float32]) -> None:
        """Prefer the drums of the previous bar."""
        if self._previous_rhythm and self._targets.steadiness:
            pending = [
                pitch
                for position, instrument, pitch in self._pending()
                if position == state.position and instrument == DRUMS
            ]
            biases += RHYTHM_BIAS * self._targets.steadiness * np.isin(pitches, pending)

    def _bias_pitches(
        self, state: EventState, pitches: NDArray[np.int64], biases: NDArray[np.float32]
    ) -> None:
        """Prefer playable pitches, tones of the chord and the key, and small steps in melodies."""
        targets, instrument, classes = self._targets, state.instrument, pitches % OCTAVE
        is_melody, is_bass = self._is_melody(instrument), instrument in BASS_PROGRAMS
        if targets.playable:
            biases -= UNPLAYABLE_PENALTY * ~_in_range(pitches, pitch_range(instrument))
        if targets.key is not None:
            root, tones, scale = _chord_and_scale(state.chord, targets.key)
            biases -= OUT_OF_SCALE_PENALTY * ~scale[classes]
            biases += (0 if is_melody else CHORD_TONE_BONUS) * tones[classes]
            biases += CHORD_ROOT_BONUS * (classes == root) if is_bass else self._key_biases[classes]
            if self._is_ending and root >= 0:
                biases -= ENDING_PENALTY * (classes != root if is_bass else ~tones[classes])
        if targets.melody_share is None or is_bass:
            return
        interval = np.abs(pitches - self._last_pitch.get(instrument, -OCTAVE))
        is_step = _in_range(interval, range(1, 3))
        if is_melody:
            biases += STEP_BIAS * is_step - LEAD_PENALTY * ~_in_range(pitches, LEAD_REGISTER)
            if self._lead_pitches:
                middle = sum(self._lead_pitches) / len(self._lead_pitches)
                biases -= LEAP_PENALTY * (interval > LARGEST_LEAP)
                biases -= LEAP_PENALTY * (np.abs(pitches - middle) > LEAD_REACH)
        else:
            biases -= STEP_BIAS * max(0.0, 1 - 2 * targets.melody_share) * is_step


def _in_range(values: NDArray[np.int64], span: range) -> NDArray[np.bool_]:
    return (values >= span.start) & (values < span.stop)


@cache
def _chord_and_scale(chord: int, key: tuple[int, int]) -> tuple[int, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return a chord's root, -1 without a chord, its pitch classes, and those of it or the key's scale.

    Args:
        chord: id of the Chord event; any other id for no chord.
        key: tonic and mode.

    Returns:
        The root, and two masks, shape (12,).
    """
    root, tones, scale = -1, np.zeros(OCTAVE, np.bool_), np.zeros(OCTAVE, np.bool_)
    if chord in _CHORDS[:-1]:
        root, quality = divmod(chord - _CHORDS.start, len(CHORD_QUALITIES))
        tones[[(root + tone) % OCTAVE for tone in CHORD_TONES[CHORD_QUALITIES[quality]]]] = True
    scale[[(key[0] + tone) % OCTAVE for tone in SCALES[key[1]]]] = True
    return root, tones, scale | tones


def _best_lead(counts: Counter[int]) -> int | None:
    """Return the instrument for a melody: suitable, and in many bars; None without one.

    Args:
        counts: bars of each instrument.
    """
    ratings = {instrument: melody_suitability(instrument) * count for instrument, count in counts.items()}
    best = max(ratings, key=lambda instrument: (ratings[instrument], -instrument), default=None)
    return best if best is not None and ratings[best] else None
