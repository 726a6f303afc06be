"""Asset checks: the outcome of a check, the factory of checks, and access to stored tables.

Each asset module defines the checks of its assets. A blocking check that fails stops the assets downstream.
"""

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.pipeline.partitions import shards_of_run
from emo_assets.store import Store

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MAX_PROBLEMS_SHOWN = 5

WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR


def summarize(problems: Sequence[str]) -> str:
    """Join the first problems to one line."""
    further = len(problems) - MAX_PROBLEMS_SHOWN
    return "; ".join(problems[:MAX_PROBLEMS_SHOWN]) + (f"; and {further} more" if further > 0 else "")


@dataclass(frozen=True)
class CheckOutcome:
    """What a check found.

    Attributes:
        problems: one line for each problem; the check passes when there are none.
        metadata: numbers and texts that are shown with the result.
    """

    problems: Sequence[str] = ()
    metadata: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether there are no problems."""
        return not self.problems

    @property
    def summary(self) -> str:
        """The first problems in one line."""
        return summarize(self.problems) or "no problems"


class StoredTable:
    """The parquet file of an asset, or its files when the asset is partitioned by shards.

    Args:
        store: the store.
        asset: name of the asset.
        shards: the shards to read; None for an asset in one file.

    Raises:
        InputError: a file is missing.
    """

    def __init__(self, store: Store, asset: str, shards: Sequence[str] | None = None) -> None:
        names = [asset] if shards is None else [f"{asset}/{shard}" for shard in shards]
        self._files = [store.asset_file(f"{name}.parquet") for name in names]
        missing = [file for file in self._files if not file.exists()]
        if missing:
            raise InputError(f"{missing[0]}: {asset} is not in the store yet; materialize it first")

    def row_count(self) -> int:
        """Return the number of rows, from the metadata of the files."""
        return sum(rows for _, rows in self._footers())

    def schema(self) -> "pa.Schema":
        """Return the types of the columns, from the metadata of the first file that has rows.

        An empty table does not keep the types of all its columns.
        """
        footers = self._footers()
        return next((schema for schema, rows in footers if rows), footers[0][0])

    def read(self, columns: Sequence[str] | None = None, *, arrow: bool = False) -> "pd.DataFrame":
        """Read a data frame.

        Args:
            columns: the columns to read; all by default.
            arrow: whether the columns keep their Arrow types.
        """
        import pandas as pd
        import pyarrow as pa
        import pyarrow.parquet as parquet

        parts = []
        for file in self._files:
            with file.open("rb") as opened:
                parts.append(parquet.ParquetFile(opened).read(columns=columns))
        filled = [part for part in parts if part.num_rows] or parts[:1]
        table: pd.DataFrame = pa.concat_tables(filled, promote_options="permissive").to_pandas(
            types_mapper=pd.ArrowDtype if arrow else None
        )
        return table

    def _footers(self) -> "list[tuple[pa.Schema, int]]":
        import pyarrow.parquet as parquet

        footers = []
        for file in self._files:
            with file.open("rb") as opened:
                metadata = parquet.ParquetFile(opened)
                footers.append((metadata.schema_arrow, int(metadata.metadata.num_rows)))
        return footers


SHARDED_ASSETS = ("figaro_descriptions", "rejected_midi")


@dataclass(frozen=True)
class CheckRun:
    """What a check works on.

    Attributes:
        asset: name of the checked asset.
        store: the store.
        context: execution context of the check; None outside of Dagster.
    """

    asset: str
    store: Store
    context: dg.AssetCheckExecutionContext | None = None

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags of the run, which name its partitions."""
        return self.context.run.tags if self.context else {}

    @property
    def shards(self) -> list[str]:
        """The shards that the run covers."""
        return shards_of_run(self.tags)

    def table(self, asset: str | None = None) -> StoredTable:
        """Return a stored table: of a sharded one, the shards of the run.

        Args:
            asset: name of the asset; the checked one by default.
        """
        asset = asset or self.asset
        return StoredTable(self.store, asset, self.shards if asset in SHARDED_ASSETS else None)


class Check(Protocol):
    """A function `check_NAME`, whose docstring begins with what it requires."""

    __name__: str

    def __call__(self, run: CheckRun, /) -> CheckOutcome:
        """Check an asset."""
        ...


SCHEMA_CHECKS = {
    "schema": "Every column is there with its type, and there are no others.",
    "values": "Values are present, within their range and of the right form.",
    "key": "No two rows have the same key.",
}


def asset_checks(
    asset: str,
    *checks: Check,
    warnings: Sequence[Check] = (),
    schema: Iterable[str] = (),
    blocking: bool = True,
    resources: Iterable[str] = (),
) -> dg.AssetChecksDefinition:
    """Define the checks of an asset, which run in one step.

    Args:
        asset: name of the asset.
        checks: the checks; the UI shows their names and the first paragraph of their docstrings.
        warnings: further checks that warn: a failure never stops the assets downstream.
        schema: which of the `SCHEMA_CHECKS` to run. When `schema` fails, the others fail without being run.
        blocking: whether a failed check stops the assets downstream.
        resources: keys of resources that the checks use besides the store.
    """
    named = {check.__name__.removeprefix("check_"): check for check in (*checks, *warnings)}
    warning_names = {check.__name__.removeprefix("check_") for check in warnings}
    descriptions = {name: SCHEMA_CHECKS[name] for name in schema}
    descriptions |= {name: (inspect.getdoc(check) or "").split("\n\n")[0] for name, check in named.items()}

    @dg.multi_asset_check(
        name=f"{asset}_checks",
        specs=[
            dg.AssetCheckSpec(
                name, asset=asset, description=description, blocking=blocking and name not in warning_names
            )
            for name, description in descriptions.items()
        ],
        required_resource_keys={"store", *resources},
    )
    def run_checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        run = CheckRun(asset, context.op_execution_context.resources.store.open(), context)
        outcomes = check_schema(run) if "schema" in descriptions else {}
        fits = "schema" not in outcomes or outcomes["schema"].passed
        outcomes |= {name: check(run) if fits else NOT_RUN for name, check in named.items()}
        for name in descriptions:
            outcome = outcomes[name]
            yield dg.AssetCheckResult(
                asset_key=asset,
                check_name=name,
                passed=outcome.passed,
                severity=WARN if name in warning_names else ERROR,
                description=outcome.summary,
                metadata=dict(outcome.metadata),
            )

    return run_checks


NOT_RUN = CheckOutcome(["not run, because the check `schema` failed"])


def check_schema(run: CheckRun) -> dict[str, CheckOutcome]:
    """Run the three `SCHEMA_CHECKS` on a table, without reading its large columns."""
    import pandas as pd

    from emo_assets.pipeline.schemas import LARGE, SCHEMAS, schema_problems

    table, schema = run.table(), SCHEMAS[run.asset]
    types, rows = table.schema(), table.row_count()
    # a table without rows does not keep the types of all columns
    untyped: dict[str, dict[str, object]] = {name: {"dtype": None, "checks": []} for name in schema.columns}
    empty = types.empty_table().to_pandas(types_mapper=pd.ArrowDtype)
    problems = [
        problem for _, problem in schema_problems(schema if rows else schema.update_columns(untyped), empty)
    ]
    outcomes = {"schema": CheckOutcome(problems, {"columns": len(types.names), "rows": rows})}
    if problems:
        return outcomes | {"values": NOT_RUN, "key": NOT_RUN}
    small = schema.remove_columns([name for name, column in schema.columns.items() if column.dtype in LARGE])
    found = schema_problems(small, table.read(list(small.columns), arrow=True)) if rows else []
    for name in ("values", "key"):
        named = [problem for kind, problem in found if (kind == "key") == (name == "key")]
        outcomes[name] = CheckOutcome(named, {"rows": rows})
    return outcomes
