"""How what assets return becomes files below the store's base path, whole or not at all.

One IO manager a kind of file: tables (parquet), documents (JSON) and plain bytes (weights, MIDI). What is
in them is known by the assets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.store import Store, atomic_write

if TYPE_CHECKING:
    import pandas as pd
    from upath import UPath

COLUMNS_KEY = "columns"
"""Key of an input's metadata: the columns of the table that the asset reads."""


class AtomicFileIOManager(dg.UPathIOManager):
    """Keeps an asset as one file, or as one file a partition.

    A run over several partitions at once returns a mapping from partition key to value, and each value
    becomes its own file. A missing file is one clear error that names the asset to materialize.
    """

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Write the value of one partition or of no partition, or a mapping of several."""
        if not context.has_asset_partitions or len(context.asset_partition_keys) == 1:
            super().handle_output(context, obj)
            return
        paths = self._get_paths_for_partitions(context)
        if not isinstance(obj, Mapping) or set(obj) != set(paths):
            raise TypeError(f"{context.asset_key.to_user_string()} must return one value for each partition")
        for partition_key, path in paths.items():
            self.dump_to_path(context=context, obj=obj[partition_key], path=path)
        folder = next(iter(paths.values())).parent
        context.add_output_metadata({"path": dg.MetadataValue.path(str(folder))})

    def load_input(self, context: dg.InputContext) -> Any:
        """Read the value of an upstream asset.

        Raises:
            InputError: the upstream asset has not been materialized in this store.
        """
        try:
            return super().load_input(context)
        except FileNotFoundError as error:
            name = context.asset_key.to_user_string()
            raise InputError(
                f"{name} is not in the store yet ({error.filename or error}): materialize it first, "
                f"or run `make demo` for the whole graph"
            ) from error


class TableIOManager(AtomicFileIOManager):
    """Keeps data frames as parquet.

    An input whose `AssetIn` has the metadata `COLUMNS_KEY` is read in these columns alone: the bytes of
    all MIDI files are gigabytes, their ids are not.
    """

    extension = ".parquet"

    def dump_to_path(self, context: dg.OutputContext, obj: pd.DataFrame, path: UPath) -> None:
        """Write a data frame."""
        with atomic_write(path) as file:
            obj.to_parquet(file, index=False)

    def load_from_path(self, context: dg.InputContext, path: UPath) -> pd.DataFrame:
        """Read a data frame."""
        import pandas as pd

        with path.open("rb") as file:
            return pd.read_parquet(file, columns=context.definition_metadata.get(COLUMNS_KEY))


class DocumentIOManager(AtomicFileIOManager):
    """Keeps plain values (mappings, lists, numbers, text) as JSON."""

    extension = ".json"

    def dump_to_path(self, context: dg.OutputContext, obj: Any, path: UPath) -> None:
        """Write a plain value."""
        with atomic_write(path) as file:
            file.write(json.dumps(obj, indent=1, ensure_ascii=False, allow_nan=False).encode())

    def load_from_path(self, context: dg.InputContext, path: UPath) -> Any:
        """Read a plain value."""
        return json.loads(path.read_bytes())


class BytesIOManager(AtomicFileIOManager):
    """Keeps bytes as they are.

    Args:
        base_path: the folder of all assets.
        extension: the ending of the files, with its dot.
    """

    def __init__(self, base_path: UPath, extension: str) -> None:
        self.extension = extension
        super().__init__(base_path=base_path)

    def dump_to_path(self, context: dg.OutputContext, obj: bytes, path: UPath) -> None:
        """Write bytes."""
        with atomic_write(path) as file:
            file.write(obj)

    def load_from_path(self, context: dg.InputContext, path: UPath) -> bytes:
        """Read bytes."""
        return path.read_bytes()


class _BelowStore(dg.ConfigurableIOManagerFactory[Any]):
    """An IO manager's place: the store's base path, a folder or any fsspec URL."""

    base_path: str

    def _folder(self) -> UPath:
        return Store(self.base_path).assets


class Tables(_BelowStore):
    """Tables as parquet below the store."""

    def create_io_manager(self, context: dg.InitResourceContext) -> TableIOManager:
        """Make the IO manager."""
        return TableIOManager(base_path=self._folder())


class Documents(_BelowStore):
    """Documents as JSON below the store."""

    def create_io_manager(self, context: dg.InitResourceContext) -> DocumentIOManager:
        """Make the IO manager."""
        return DocumentIOManager(base_path=self._folder())


class Weights(_BelowStore):
    """Model weights as safetensors below the store."""

    def create_io_manager(self, context: dg.InitResourceContext) -> BytesIOManager:
        """Make the IO manager."""
        return BytesIOManager(self._folder(), ".safetensors")


class MidiFiles(_BelowStore):
    """MIDI files below the store."""

    def create_io_manager(self, context: dg.InitResourceContext) -> BytesIOManager:
        """Make the IO manager."""
        return BytesIOManager(self._folder(), ".mid")
