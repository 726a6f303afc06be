"""Why a MIDI file was refused."""

from __future__ import annotations

from emo_assets.errors import InputError


class MidiError(InputError):
    """A MIDI file cannot be read.

    Attributes:
        stage: where reading ended: "file" (its bytes could not be had), "parse" (they are no MIDI file),
            "limits" (reading it would take too much memory or time), "time signature" (it has none, or one
            without positions) or "notes" (there are none).
    """

    def __init__(self, stage: str, reason: str) -> None:
        super().__init__(reason)
        self.stage = stage

    def __reduce__(self) -> tuple[type[MidiError], tuple[str, str]]:
        return MidiError, (self.stage, str(self))
