"""Files called .mid that cannot be read, as every large collection has them."""

from __future__ import annotations

from emo_assets.midi.writer import encode_midi


def broken_files(intact: bytes, number: int) -> dict[str, bytes]:
    """Return one broken file of each kind: what is wrong with it, and its bytes.

    Args:
        intact: a readable MIDI file, from which the truncated one is made.
        number: tells the files of one call from those of another, since equal bytes have equal names.
    """
    return {
        "truncated": intact[: len(intact) // 3],
        "text": f"Sorry, file {number} was removed at the request of its author.\n".encode(),
        "two bytes": bytes([0x4D, number % 256]),
        "no notes": encode_midi((), tempos=((0, 90.0 + number),)),
    }
