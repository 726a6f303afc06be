"""Hints from earlier bars; `test_tokenized_song` compares them with those of whole songs."""

from __future__ import annotations

from emo_assets.description_model.data.copy_features import EarlierBar
from emo_assets.description_model.data.output_vocab import BAR
from emo_assets.tokens.vocabulary import DESCRIPTIONS


def test_an_earlier_bar_suggests_its_token_at_the_corresponding_place() -> None:
    encode = DESCRIPTIONS.encode
    head = [BAR, *encode(["Time Signature_4/4", "Note Density_3"])]
    piano, bass = encode(["Instrument_Acoustic Grand Piano", "Instrument_Acoustic Bass"])
    drums = encode(["Instrument_drum"])[0]
    c, g = encode(["Chord_C:maj", "Chord_G:maj"])
    earlier = EarlierBar([*head, piano, drums, c, g])

    assert earlier.next_token(head[:1]) == head[1]
    assert earlier.next_token(head) == piano
    assert earlier.next_token([*head, bass]) == drums
    assert earlier.next_token([*head, drums]) == c
    assert earlier.next_token([*head, drums, g]) == g
    assert earlier.next_token([*head, drums, c, g]) == BAR
