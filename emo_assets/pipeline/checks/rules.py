"""What each table of the store must be: its columns, its key, and the values that they may hold.

Says it and checks nothing; `findings` holds tables against it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

from emo_assets.features import FEATURE_NAMES, FeatureVector, feature_range
from emo_assets.pipeline.checks.findings import Kind

MD5 = r"[0-9a-f]{32}"


@dataclass(frozen=True)
class TableRules:
    """What a table must be.

    Attributes:
        kinds: what each column holds; no other columns are allowed.
        key: the columns whose values no two rows share; none where rows may repeat.
        ranges: smallest and largest value of a column, both allowed.
        patterns: what the texts of a column look like, as regular expressions.
        missing_in: columns in which values may be missing.
        heavy: columns that are not read to look at values: the files' bytes, the lists of tokens.
    """

    kinds: Mapping[str, Kind]
    key: tuple[str, ...] = ()
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    patterns: Mapping[str, str] = field(default_factory=dict)
    missing_in: tuple[str, ...] = ()
    heavy: tuple[str, ...] = ()

    @property
    def light(self) -> list[str]:
        """The columns whose values are looked at."""
        return [name for name in self.kinds if name not in self.heavy]


FEATURE_KINDS = {
    name: Kind.WHOLE if FeatureVector.model_fields[name].annotation is int else Kind.NUMBER
    for name in FEATURE_NAMES
}

TEXTS_OF_A_REJECT = {"source": Kind.TEXT, "row": Kind.WHOLE, "reason": Kind.TEXT, "content": Kind.TEXT}

SEGMENT_KINDS = {
    "segment": Kind.WHOLE,
    "first_bar": Kind.WHOLE,
    "bars": Kind.WHOLE,
    "tokens": Kind.WHOLE_LISTS,
}
SEGMENT_RANGES = {"segment": (0.0, 512.0), "first_bar": (1.0, 512.0), "bars": (1.0, 12.0)}


@functools.cache
def rules_of(table: str) -> TableRules:
    """Return what the table of an asset must be.

    Raises:
        KeyError: no rules are written for it.
    """
    from emo_assets.datasets.msd import TRACK_ID_PATTERN as MSD_ID
    from emo_assets.datasets.spotify import INTEGER_RANGES, NUMBER_RANGES
    from emo_assets.datasets.spotify import TRACK_ID_PATTERN as SPOTIFY_ID

    spotify_ranges: dict[str, tuple[float, float]] = {**INTEGER_RANGES, **NUMBER_RANGES}
    rejects = TableRules(TEXTS_OF_A_REJECT, missing_in=("content",))
    texts = dict.fromkeys(("track_id", "artists", "album_name", "track_name"), Kind.TEXT)
    midi_ids = {"msd_track_id": Kind.TEXT, "md5": Kind.TEXT}
    id_patterns = {"msd_track_id": MSD_ID, "md5": MD5}
    rules = {
        "spotify_tracks": TableRules(
            kinds={
                **texts,
                "popularity": Kind.WHOLE,
                "duration_ms": Kind.WHOLE,
                "explicit": Kind.TRUTH,
                **FEATURE_KINDS,
                "speechiness": Kind.NUMBER,
                "liveness": Kind.NUMBER,
                "track_genre": Kind.TEXT,
            },
            key=("track_id", "track_genre"),
            ranges=spotify_ranges,
            patterns={"track_id": SPOTIFY_ID},
            missing_in=("album_name",),
        ),
        "msd_tracks": TableRules(
            kinds=dict.fromkeys(("msd_track_id", "artist", "title"), Kind.TEXT),
            key=("msd_track_id",),
            patterns={"msd_track_id": MSD_ID},
        ),
        "lakh_midi": TableRules(
            kinds={**midi_ids, "path": Kind.TEXT, "content": Kind.BYTES},
            key=("path",),
            patterns=id_patterns,
            heavy=("content",),
        ),
        "rejected_spotify_rows": rejects,
        "rejected_msd_rows": rejects,
        "rejected_lakh_files": rejects,
        "matched_tracks": TableRules(
            kinds={
                "track_id": Kind.TEXT,
                **midi_ids,
                "artists": Kind.TEXT,
                "artist_keys": Kind.TEXT_LISTS,
                "track_name": Kind.TEXT,
                "track_genre": Kind.TEXT,
                "popularity": Kind.WHOLE,
                **FEATURE_KINDS,
                "link_method": Kind.TEXT,
                "link_score": Kind.NUMBER,
            },
            key=("track_id", "msd_track_id", "md5"),
            ranges={
                **{name: spotify_ranges[name] for name in ("popularity", *FEATURE_NAMES)},
                "link_score": (0.0, 1.0),
            },
            patterns={"track_id": SPOTIFY_ID, **id_patterns, "link_method": "exact|fuzzy"},
            heavy=("artist_keys",),
        ),
        "figaro_descriptions": TableRules(
            kinds={**midi_ids, **SEGMENT_KINDS},
            key=("msd_track_id", "md5", "segment"),
            ranges=SEGMENT_RANGES,
            patterns=id_patterns,
            heavy=("tokens",),
        ),
        "rejected_midi": TableRules(
            kinds={**midi_ids, "path": Kind.TEXT, "stage": Kind.TEXT, "reason": Kind.TEXT},
            key=("path",),
            patterns=id_patterns,
            missing_in=("msd_track_id", "md5"),
        ),
        "training_set": TableRules(
            kinds={
                "track_id": Kind.TEXT,
                **midi_ids,
                "artist_keys": Kind.TEXT_LISTS,
                "split": Kind.TEXT,
                **FEATURE_KINDS,
                **SEGMENT_KINDS,
            },
            key=("md5", "segment"),
            ranges={**{name: feature_range(name) for name in FEATURE_NAMES}, **SEGMENT_RANGES},
            patterns={"track_id": SPOTIFY_ID, **id_patterns, "split": "train|validation|test"},
            heavy=("artist_keys", "tokens"),
        ),
    }
    return rules[table]
