"""The name by which assets call a table in their annotations.

Dagster resolves annotations when the definitions load; a table is a pandas data frame for the type checker
and anything at all for Dagster, so that loading them need not import pandas.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame as Table
else:
    Table = Any

__all__ = ["Table"]
