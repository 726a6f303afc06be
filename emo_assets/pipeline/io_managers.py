"""IO managers: the values of assets become files in the store, complete or not at all."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.store import Store, atomic_write, write_json

if TYPE_CHECKING:
    import pandas as pd
    from upath import UPath

    Table = pd.DataFrame
else:
    # Dagster resolves the annotations of assets when it loads them, which must not import pandas.
    Table = Any

COLUMNS_KEY = "columns"
"""Key of an input's metadata: the columns of the table that the asset reads."""


class AtomicFileIOManager(dg.UPathIOManager):
    """Stores an asset as one file, or as one file per partition.

    A run over several partitions returns a mapping from partition key to value.

    Args:
        store: the store.
        extension: ending of the files, with its dot.
    """

    def __init__(self, store: Store, extension: str) -> None:
        self.extension = extension
        self._store = store
        super().__init__(base_path=store.assets)

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Write the value of one asset or partition, or a mapping of several partitions."""
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
            InputError: the upstream asset is not in the store.
        """
        try:
            return super().load_input(context)
        except FileNotFoundError as error:
            name = context.asset_key.to_user_string()
            raise InputError(
                f"{name} is not in the store yet ({error.filename or error}): materialize it first, "
                f"or run `make demo` for the whole graph"
            ) from error

    def dump_to_path(self, context: dg.OutputContext, obj: Any, path: "UPath") -> None:
        """Write bytes."""
        with atomic_write(path) as file:
            file.write(obj)

    def load_from_path(self, context: dg.InputContext, path: "UPath") -> Any:
        """Read bytes."""
        return path.read_bytes()


class ParquetIOManager(AtomicFileIOManager):
    """Stores data frames as parquet.

    An input whose `AssetIn` has the metadata `COLUMNS_KEY` is read in these columns alone: the bytes of all
    MIDI files are gigabytes, their ids are not.
    """

    def dump_to_path(self, context: dg.OutputContext, obj: Table, path: "UPath") -> None:
        """Write a data frame."""
        with atomic_write(path) as file:
            obj.to_parquet(file, index=False)

    def load_from_path(self, context: dg.InputContext, path: "UPath") -> Table:
        """Read a data frame."""
        import pandas as pd

        stored = self._store.asset_file(path.name) if path.parent == self._store.assets else path
        with stored.open("rb") as file:
            return pd.read_parquet(file, columns=context.definition_metadata.get(COLUMNS_KEY))


class JsonIOManager(AtomicFileIOManager):
    """Stores plain values (mappings, lists, numbers, text) as JSON."""

    def dump_to_path(self, context: dg.OutputContext, obj: Any, path: "UPath") -> None:
        """Write a plain value."""
        write_json(obj, path)

    def load_from_path(self, context: dg.InputContext, path: "UPath") -> Any:
        """Read a plain value."""
        return json.loads(path.read_bytes())


class StoreIOManager(dg.ConfigurableIOManagerFactory[AtomicFileIOManager]):
    """Makes the IO manager of one kind of file: `.parquet`, `.json`, or bytes for any other extension."""

    base_path: str
    """Base path of the store: a folder or any fsspec URL."""
    extension: str
    """Ending of the files, with its dot."""

    def create_io_manager(self, context: dg.InitResourceContext) -> AtomicFileIOManager:
        """Make the IO manager."""
        managers = {".parquet": ParquetIOManager, ".json": JsonIOManager}
        return managers.get(self.extension, AtomicFileIOManager)(Store(self.base_path), self.extension)


def io_managers(base_path: str) -> dict[str, StoreIOManager]:
    """Return the IO managers of the graph by their resource keys.

    Args:
        base_path: base path of the store.
    """
    extensions = {
        "tables": ".parquet",
        "documents": ".json",
        "weights": ".safetensors",
        "midi_files": ".mid",
    }
    return {
        key: StoreIOManager(base_path=base_path, extension=extension) for key, extension in extensions.items()
    }
