"""Stage 2: which Spotify track is which Million Song track, and which MIDI files that gives."""

from typing import Any

import dagster as dg

from emo_assets.pipeline.assets.raw import FEATURE_MEANINGS
from emo_assets.pipeline.io_managers import COLUMNS_KEY
from emo_assets.pipeline.metadata import counts, logged_progress, table_metadata
from emo_assets.pipeline.tables import Table


@dg.asset(
    group_name="linking",
    io_manager_key="tables",
    kinds={"parquet", "pandas"},
    owners=["team:data"],
    ins={"lakh_midi": dg.AssetIn(metadata={COLUMNS_KEY: ["msd_track_id", "md5"]})},
)
def matched_tracks(
    context: dg.AssetExecutionContext,
    spotify_tracks: Table,
    msd_tracks: Table,
    lakh_midi: Table,
) -> dg.Output[Any]:
    """Spotify row × MSD id × MIDI file, with how and how surely they were linked."""
    from emo_assets.linking.join import matched_tracks as join
    from emo_assets.linking.matching import link_tracks

    links = link_tracks(spotify_tracks, msd_tracks, progress=logged_progress(context))
    matched = join(links, spotify_tracks, lakh_midi)
    return dg.Output(
        matched,
        metadata={
            **table_metadata(matched, descriptions=FEATURE_MEANINGS),
            "links": len(links),
            "links_by_method": counts(links["method"]),
            "spotify_tracks_linked": int(matched["track_id"].nunique()),
            "msd_tracks_linked": int(matched["msd_track_id"].nunique()),
            "midi_files_linked": int(matched["md5"].nunique()),
            "share_of_midi_linked": float(matched["md5"].nunique() / max(lakh_midi["md5"].nunique(), 1)),
        },
    )
