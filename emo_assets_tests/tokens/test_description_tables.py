from __future__ import annotations

import numpy as np
import pandas as pd

from emo_assets.midi.writer import Note, Part, encode_midi
from emo_assets.tokens.description_tables import REJECT_COLUMNS, SEGMENT_COLUMNS, extract_table
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar


def song(bars: int) -> bytes:
    return encode_midi([Part(0, False, [Note(1920 * bar, 1920 * bar + 480, 60, 80) for bar in range(bars)])])


def test_each_file_is_cut_into_segments_or_rejected() -> None:
    files = pd.DataFrame(
        {
            "msd_track_id": ["TRA", "TRB", "TRC", "TRD"],
            "md5": ["a", "b", "c", "d"],
            "path": ["a.mid", "b.mid", "c.mid", "d.mid"],
            "content": [song(14), b"no MIDI file", b"RIFF" + song(3)[:-4] + b"\0\x90\xff\x40", song(1)[:20]],
        }
    )

    table = extract_table(files, workers=1)

    assert tuple(table.segments.columns) == SEGMENT_COLUMNS
    assert table.segments[["md5", "segment", "first_bar", "bars"]].to_numpy().tolist() == [
        ["a", 0, 1, 12],
        ["a", 1, 13, 2],
        ["c", 0, 1, 3],
    ]
    for tokens, bars in zip(table.segments["tokens"], table.segments["bars"], strict=True):
        assert tokens.dtype == np.int16
        assert len(DescriptionGrammar().parse(tokens.tolist())) == bars
    assert tuple(table.rejects.columns) == REJECT_COLUMNS
    assert table.segments["repairs"].tolist() == [
        "",
        "",
        "RIFF container unpacked; messages with data bytes above 127 clipped or left out: 1",
    ]
    assert table.rejects[["msd_track_id", "path", "stage", "repairs"]].to_numpy().tolist() == [
        ["TRB", "b.mid", "parse", ""],
        ["TRD", "d.mid", "parse", "missing tracks: 2"],
    ]
    assert table.described == 2


def test_an_empty_table_has_the_columns() -> None:
    table = extract_table(pd.DataFrame({"msd_track_id": [], "md5": [], "path": [], "content": []}), workers=1)
    assert tuple(table.segments.columns) == SEGMENT_COLUMNS
    assert (len(table.segments), len(table.rejects), table.described) == (0, 0, 0)
