"""Which Spotify track is which Million Song track, and which MIDI files that gives."""

from typing import Any

import dagster as dg

from emo_assets.pipeline.checks import SCHEMA_CHECKS, CheckOutcome, CheckRun, asset_checks
from emo_assets.pipeline.io_managers import COLUMNS_KEY, Table
from emo_assets.pipeline.metadata import counts, logged_progress, table_metadata

MIN_LINKED = 0.01
"""Share of Million Song tracks with MIDI that must be linked; the paper linked 834 of 31,034."""

MAX_FUZZY = 0.5
"""Share of links that may rest on similar names only."""


@dg.asset(
    io_manager_key="tables",
    kinds={"parquet", "pandas"},
    ins={"lakh_midi": dg.AssetIn(metadata={COLUMNS_KEY: ["msd_track_id", "md5"]})},
)
def matched_tracks(
    context: dg.AssetExecutionContext,
    spotify_tracks: Table,
    msd_tracks: Table,
    lakh_midi: Table,
) -> dg.Output[Any]:
    """Spotify row × MSD id × MIDI file, with how and how surely they were linked."""
    from emo_assets.linking.join import join_links
    from emo_assets.linking.matching import link_tracks

    links = link_tracks(spotify_tracks, msd_tracks, progress=logged_progress(context))
    matched = join_links(links, spotify_tracks, lakh_midi)
    return dg.Output(
        matched,
        metadata={
            **table_metadata(matched, "matched_tracks"),
            "links": len(links),
            "links_by_method": counts(links["method"]),
            "spotify_tracks_linked": int(matched["track_id"].nunique()),
            "msd_tracks_linked": int(matched["msd_track_id"].nunique()),
            "midi_files_linked": int(matched["md5"].nunique()),
            "share_of_midi_linked": float(matched["md5"].nunique() / max(lakh_midi["md5"].nunique(), 1)),
        },
    )


def check_links(run: CheckRun) -> CheckOutcome:
    """At least 1 % of the tracks with MIDI are linked, and at least half of the links are by exact names."""
    by_track = run.table().read(["msd_track_id", "link_method"]).drop_duplicates("msd_track_id")
    with_midi = int(run.table("lakh_midi").read(["msd_track_id"])["msd_track_id"].nunique())
    linked = len(by_track) / max(with_midi, 1)
    fuzzy = float((by_track["link_method"] == "fuzzy").mean()) if len(by_track) else 0.0
    problems = []
    if linked < MIN_LINKED:
        problems.append(
            f"only {linked:.2%} of {with_midi:,} tracks with MIDI are linked, not {MIN_LINKED:.0%}"
        )
    if fuzzy > MAX_FUZZY:
        problems.append(f"{fuzzy:.0%} of the links are by similar names only, more than {MAX_FUZZY:.0%}")
    return CheckOutcome(problems, {"share_linked": linked, "share_fuzzy": fuzzy, "tracks": len(by_track)})


matched_checks = asset_checks("matched_tracks", check_links, schema=SCHEMA_CHECKS)
