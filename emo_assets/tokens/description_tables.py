"""Tables of MIDI files to tables of description segments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from emo_assets.progress import Progress, no_progress
from emo_assets.tokens.batch import extract_files
from emo_assets.tokens.segments import split_segments

SEGMENT_COLUMNS = ("msd_track_id", "md5", "segment", "first_bar", "bars", "tokens", "repairs")
REJECT_COLUMNS = ("msd_track_id", "md5", "path", "stage", "reason", "repairs")


@dataclass(frozen=True)
class ExtractedTable:
    """The result of a table of MIDI files: files in = `described` + rows of `rejects`.

    Attributes:
        segments: one row a segment with the columns of `SEGMENT_COLUMNS`; `tokens` holds int16 ids of the
            description vocabulary, bars renumbered from `Bar_1`; `repairs` says what was repaired in the
            file, separated by "; ", and is empty for good files.
        rejects: one row per file that could not be read, with the columns of `REJECT_COLUMNS`.
        described: how many files gave at least one segment.
    """

    segments: pd.DataFrame
    rejects: pd.DataFrame
    described: int


def extract_table(
    files: pd.DataFrame,
    *,
    strict: bool = False,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> ExtractedTable:
    """Describe every file of a table and cut the descriptions into segments of 12 bars.

    Args:
        files: the columns `msd_track_id`, `md5`, `path` and `content` (bytes).
        strict: reject damaged files and those without a time signature, as FIGARO's own code does.
        workers: processes; one per core by default.
        progress: called with the number of files done.

    Returns:
        The segments, ordered as the files are, and the files that were rejected.
    """
    segments: list[dict[str, Any]] = []
    rejects: list[dict[str, Any]] = []
    contents = list(zip(files["path"], files["content"], strict=True))
    results = extract_files(contents, workers=workers, strict=strict, progress=progress)
    for track, md5, result in zip(files["msd_track_id"], files["md5"], results, strict=True):
        source = {"msd_track_id": track, "md5": md5, "repairs": "; ".join(result.repairs)}
        if result.error is not None:
            rejected = {"path": result.name, "stage": result.error.stage, "reason": str(result.error)}
            rejects.append(source | rejected)
        elif result.tokens is not None:
            for number, segment in enumerate(split_segments(result.tokens.description)):
                row = {"segment": number, "first_bar": segment.first_bar, "bars": segment.bars}
                segments.append(source | row | {"tokens": np.array(segment.tokens, dtype=np.int16)})
    return ExtractedTable(
        segments=pd.DataFrame(segments, columns=list(SEGMENT_COLUMNS)),
        rejects=pd.DataFrame(rejects, columns=list(REJECT_COLUMNS)),
        described=len(files) - len(rejects),
    )
