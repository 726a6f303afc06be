"""Constraints on generated events, turned into masks once per song."""

from __future__ import annotations

from collections.abc import Sequence

from emo_assets.midi.general_midi import DRUMS
from emo_assets.tokens.grammar.descriptions import DescribedBar
from emo_assets.tokens.grammar.event_tokens import CHORDS, INSTRUMENTS, METERS, TEMPOS, Mask, mask_of
from emo_assets.tokens.vocabulary import MAX_BARS, UNK

ANY_TIME_SIGNATURE = mask_of(METERS)
ANY_TIME_SIGNATURE[UNK] = True

ANY_ITEM = mask_of(CHORDS) | mask_of(TEMPOS) | mask_of(INSTRUMENTS)
"""The tokens that may follow a position."""


class Constraints:
    """What a generated song must have: its bars, one tempo, and its items in order.

    A position then has its chord first and its notes after it: drums before programs, programs and pitches
    ascending, no note twice. Every bar is then finite.

    Args:
        bars: the time signature (any, for None) and the instruments that may play, of each of 1..511 bars.
        tempo: index into `quantization.TEMPO_BINS` of the only tempo, which is set at the start of the first
            bar.

    Attributes:
        bars: the number of bars.
        tempo: token of the tempo.
        time_signatures: the mask of time signatures of each bar.
        items: the mask of tokens that may follow a position of each bar; the tempo is not among them.
        max_orders: the order of the last instrument of each bar, -1 without instruments.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(self, bars: Sequence[DescribedBar], tempo: int) -> None:
        if not 1 <= len(bars) < MAX_BARS:
            raise ValueError(f"a song can have 1 to {MAX_BARS - 1} bars, got {len(bars)}")
        if not 0 <= tempo < len(TEMPOS):
            raise ValueError(f"tempo bins are numbered 0 to {len(TEMPOS) - 1}, got {tempo}")
        self.bars = len(bars)
        self.tempo = TEMPOS[tempo]
        self.time_signatures = [_time_signature_mask(bar.time_signature) for bar in bars]
        masks = {instruments: _item_mask(instruments) for instruments in {bar.instruments for bar in bars}}
        self.items = [masks[bar.instruments] for bar in bars]
        self.max_orders = [max(map(note_order, bar.instruments), default=-1) for bar in bars]


def note_order(instrument: int) -> int:
    """Return the order of an instrument's notes within a position: drums first, then programs ascending."""
    return 0 if instrument == DRUMS else instrument + 1


def _item_mask(instruments: tuple[int, ...]) -> Mask:
    if instruments and not 0 <= min(instruments) <= max(instruments) <= DRUMS:
        raise ValueError(f"instruments are numbered 0 to {DRUMS}, got {instruments}")
    mask = mask_of(CHORDS)
    mask[[INSTRUMENTS[instrument] for instrument in instruments]] = True
    return mask


def _time_signature_mask(time_signature: int | None) -> Mask:
    if time_signature is None:
        return ANY_TIME_SIGNATURE
    if not 0 <= time_signature < len(METERS):
        raise ValueError(f"time signatures are numbered 0 to {len(METERS) - 1}, got {time_signature}")
    return mask_of(METERS[time_signature])
