"""The error of MIDI files that cannot be read."""

from __future__ import annotations

from emo_assets.errors import InputError


class MidiError(InputError):
    """A MIDI file cannot be read.

    Attributes:
        stage: where reading ended: "file" (its bytes cannot be read), "parse" (they are not a MIDI file),
            "limits" (reading takes too much memory or time), "time signature" (the file has none, or one
            without positions), "notes" (it has none) or "unexpected" (a bug of the reader).
        repairs: what was repaired in vain, see `repair.read_repaired`.
    """

    def __init__(self, stage: str, reason: str, repairs: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.stage = stage
        self.repairs = repairs

    def __reduce__(self) -> tuple[type[MidiError], tuple[str, str, tuple[str, ...]]]:
        return MidiError, (self.stage, str(self), self.repairs)
