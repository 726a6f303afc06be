"""Stage 3, its end: the songs of the training set, listened to."""

from typing import Any

import dagster as dg

from emo_assets.pipeline.metadata import logged_progress, markdown_table, table_metadata
from emo_assets.pipeline.tables import Table


@dg.asset(
    group_name="descriptions", io_manager_key="tables", kinds={"parquet", "midi"}, owners=["team:music"]
)
def song_metrics(context: dg.AssetExecutionContext, training_set: Table, lakh_midi: Table) -> dg.Output[Any]:
    """What the songs of the training set sound like, beside their features: the scale of requests."""
    from emo_assets.metrics.metrics_table import feature_agreement, measure_training_songs

    files = dict(zip(lakh_midi["md5"], lakh_midi["content"], strict=True))
    table = measure_training_songs(training_set, files, progress=logged_progress(context))
    agreement = feature_agreement(table)
    return dg.Output(
        table,
        metadata={
            **table_metadata(table, hidden=("outline",)),
            "features_and_measures": dg.MetadataValue.md(markdown_table(agreement.to_dict("records"))),
        },
    )
