"""Stage 4: what the linked songs are like, for people to look at before anything learns from them."""

from typing import Any

import dagster as dg

from emo_assets.pipeline.metadata import picture, table_metadata
from emo_assets.pipeline.resources import StoreResource
from emo_assets.pipeline.tables import Table
from emo_assets.store import atomic_write


@dg.asset(
    group_name="exploration",
    io_manager_key="tables",
    kinds={"parquet", "matplotlib", "html"},
    owners=["team:data"],
)
def feature_report(matched_tracks: Table, spotify_tracks: Table, store: StoreResource) -> dg.Output[Any]:
    """Each feature's distribution and kind, genres, correlations, and the bias of the linked songs."""
    from emo_assets.reports.exploration_page import feature_report as explored

    report = explored(matched_tracks, spotify_tracks)
    page = store.open().reports / "feature_report.html"
    with atomic_write(page) as file:
        file.write(report.page.encode())
    pictures = {name: picture(content, name) for name, content in report.pictures.items()}
    table = report.found.table
    return dg.Output(
        table, metadata={**table_metadata(table), "page": dg.MetadataValue.path(str(page)), **pictures}
    )
