"""What a generator may ask of the events it writes, checked and turned into masks once a piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emo_assets.midi.general_midi import DRUMS
from emo_assets.tokens.grammar.event_tokens import CHORDS, INSTRUMENTS, METERS, TEMPOS, Mask, mask_of
from emo_assets.tokens.vocabulary import MAX_BARS, UNK


@dataclass(frozen=True, slots=True)
class BarConstraint:
    """What a generator wants of one bar; `DescribedBar` counts in the same way.

    Attributes:
        time_signature: index into `vocabulary.TIME_SIGNATURES`; None for any.
        instruments: the programs that may play, 128 for drums; None for any.
    """

    time_signature: int | None = None
    instruments: Sequence[int] | None = None


class Constraints:
    """What a generator wants, checked and turned into masks once.

    Attributes:
        bars: the exact number of bars, None for any.
        tempo: token of the one tempo, 0 for any number of any tempos.
        in_order: whether items of one position stand in the usual order.
    """

    def __init__(self, bars: Sequence[BarConstraint] | None, tempo: int | None, in_order: bool) -> None:
        if bars is not None and not 1 <= len(bars) < MAX_BARS:
            raise ValueError(f"a piece can be asked for 1 to {MAX_BARS - 1} bars, got {len(bars)}")
        if tempo is not None and not 0 <= tempo < len(TEMPOS):
            raise ValueError(f"tempo bins are numbered 0 to {len(TEMPOS) - 1}, got {tempo}")
        self.bars = None if bars is None else len(bars)
        self.tempo = 0 if tempo is None else TEMPOS[tempo]
        self.in_order = in_order
        self._meters: list[Mask] = []
        self._items: list[Mask] = []
        self._top_ranks: list[int] = []
        shared: dict[tuple[int, ...] | None, Mask] = {}
        for bar in bars or [BarConstraint()]:
            allowed = None if bar.instruments is None else tuple(sorted(set(bar.instruments)))
            if allowed and not 0 <= allowed[0] <= allowed[-1] <= DRUMS:
                raise ValueError(f"instruments are numbered 0 to {DRUMS}, got {allowed}")
            if allowed not in shared:
                shared[allowed] = self._item_mask(allowed)
            self._items.append(shared[allowed])
            self._top_ranks.append(
                max((note_order(instrument) for instrument in allowed), default=-1)
                if allowed is not None
                else DRUMS
            )
            self._meters.append(_meter_mask(bar.time_signature))

    def _item_mask(self, instruments: tuple[int, ...] | None) -> Mask:
        """Return what may follow a position, whatever the chord and the tempo are."""
        mask = mask_of(CHORDS)
        if not self.tempo:
            mask[TEMPOS.start : TEMPOS.stop] = True
        if instruments is None:
            mask[INSTRUMENTS.start : INSTRUMENTS.stop] = True
        else:
            mask[[INSTRUMENTS[instrument] for instrument in instruments]] = True
        return mask

    def meters(self, bar: int) -> Mask:
        """Return the time signatures that bar `bar` may have."""
        return self._meters[bar - 1 if self.bars else 0]

    def items(self, bar: int) -> Mask:
        """Return what may follow a position in bar `bar`."""
        return self._items[bar - 1 if self.bars else 0]

    def max_order(self, bar: int) -> int:
        """Return the rank of the last instrument that may play in bar `bar`, -1 when none may."""
        return self._top_ranks[bar - 1 if self.bars else 0]


def note_order(instrument: int) -> int:
    """Return where an instrument's notes stand within a position: drums first, then programs ascending."""
    return 0 if instrument == DRUMS else instrument + 1


def _meter_mask(time_signature: int | None) -> Mask:
    if time_signature is None:
        mask = mask_of(METERS)
        mask[UNK] = True
        return mask
    if not 0 <= time_signature < len(METERS):
        raise ValueError(f"time signatures are numbered 0 to {len(METERS) - 1}, got {time_signature}")
    return mask_of(METERS[time_signature])
