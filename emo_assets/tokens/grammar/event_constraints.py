"""Constraints on generated events, turned into masks once per song."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emo_assets.midi.general_midi import DRUMS
from emo_assets.tokens.grammar.event_tokens import CHORDS, INSTRUMENTS, METERS, TEMPOS, Mask, mask_of
from emo_assets.tokens.vocabulary import MAX_BARS, UNK


@dataclass(frozen=True, slots=True)
class BarConstraint:
    """The constraints on one bar, in the numbers of `DescribedBar`.

    Attributes:
        time_signature: index into `vocabulary.TIME_SIGNATURES`; None for any.
        instruments: the programs that may play, 128 for drums; None for any.
    """

    time_signature: int | None = None
    instruments: Sequence[int] | None = None


class Constraints:
    """The constraints on a song. `EventGrammar.start` describes the arguments.

    Attributes:
        bars: the exact number of bars, None for any.
        tempo: token of the only tempo, 0 for any number of any tempos.
        in_order: whether the items of a position are in order.

    Raises:
        ValueError: a constraint is out of range.
    """

    def __init__(self, bars: Sequence[BarConstraint] | None, tempo: int | None, in_order: bool) -> None:
        if bars is not None and not 1 <= len(bars) < MAX_BARS:
            raise ValueError(f"a song can have 1 to {MAX_BARS - 1} bars, got {len(bars)}")
        if tempo is not None and not 0 <= tempo < len(TEMPOS):
            raise ValueError(f"tempo bins are numbered 0 to {len(TEMPOS) - 1}, got {tempo}")
        self.bars = None if bars is None else len(bars)
        self.tempo = 0 if tempo is None else TEMPOS[tempo]
        self.in_order = in_order
        self._time_signatures: list[Mask] = []
        self._items: list[Mask] = []
        self._max_orders: list[int] = []
        shared: dict[tuple[int, ...] | None, Mask] = {}
        for bar in bars or [BarConstraint()]:
            instruments = None if bar.instruments is None else tuple(sorted(set(bar.instruments)))
            if instruments and not 0 <= instruments[0] <= instruments[-1] <= DRUMS:
                raise ValueError(f"instruments are numbered 0 to {DRUMS}, got {instruments}")
            if instruments not in shared:
                shared[instruments] = self._item_mask(instruments)
            self._items.append(shared[instruments])
            orders = [DRUMS] if instruments is None else [note_order(each) for each in instruments]
            self._max_orders.append(max(orders, default=-1))
            self._time_signatures.append(_time_signature_mask(bar.time_signature))

    def _item_mask(self, instruments: tuple[int, ...] | None) -> Mask:
        """Return what may follow a position, for any current chord and tempo."""
        mask = mask_of(CHORDS)
        if not self.tempo:
            mask[TEMPOS.start : TEMPOS.stop] = True
        playing = range(DRUMS + 1) if instruments is None else instruments
        mask[[INSTRUMENTS[instrument] for instrument in playing]] = True
        return mask

    def time_signatures(self, bar: int) -> Mask:
        """Return the time signatures that bar `bar` (from 1) may have."""
        return self._time_signatures[bar - 1 if self.bars else 0]

    def items(self, bar: int) -> Mask:
        """Return what may follow a position in bar `bar`."""
        return self._items[bar - 1 if self.bars else 0]

    def max_order(self, bar: int) -> int:
        """Return the order of the last instrument that may play in bar `bar`, -1 when none may."""
        return self._max_orders[bar - 1 if self.bars else 0]


def note_order(instrument: int) -> int:
    """Return the order of an instrument's notes within a position: drums first, then programs ascending."""
    return 0 if instrument == DRUMS else instrument + 1


def _time_signature_mask(time_signature: int | None) -> Mask:
    if time_signature is None:
        mask = mask_of(METERS)
        mask[UNK] = True
        return mask
    if not 0 <= time_signature < len(METERS):
        raise ValueError(f"time signatures are numbered 0 to {len(METERS) - 1}, got {time_signature}")
    return mask_of(METERS[time_signature])
