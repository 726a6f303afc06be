"""The Dagster instance of a checkout, for the code that is not run by Dagster itself.

Finds the instance and registers requests as partitions there. What a request holds is not known here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.pipeline.partitions import REQUESTS
from emo_assets.requests import checked_name
from emo_assets.store import DEFAULT_BASE

CHECKOUT_HOME = Path(DEFAULT_BASE) / "dagster_home"
"""Where a checkout's own instance lies when `DAGSTER_HOME` does not say otherwise."""


def checkout_instance() -> dg.DagsterInstance:
    """Return the instance that `make dev` and the `dagster` commands share.

    Raises:
        InputError: neither `DAGSTER_HOME` is set nor is this the top level of a checkout.
    """
    if "DAGSTER_HOME" not in os.environ:
        if not (CHECKOUT_HOME / "dagster.yaml").exists():
            raise InputError(
                "there is no Dagster instance here: run this at the top level of the checkout, "
                "or set DAGSTER_HOME to the absolute path of the instance's folder"
            )
        os.environ["DAGSTER_HOME"] = str(CHECKOUT_HOME.resolve())
    return dg.DagsterInstance.get()


def register_requests(names: Iterable[str], instance: dg.DagsterInstance | None = None) -> None:
    """Make each request a partition, so that the pipeline can be asked to render it.

    Args:
        names: the requests' names.
        instance: the instance to register them with; the checkout's own by default.

    Raises:
        InputError: a name may not be a request's name, or there is no instance.
    """
    checked = [checked_name(name) for name in names]
    if instance is None:
        with checkout_instance() as opened:
            opened.add_dynamic_partitions(str(REQUESTS.name), checked)
    else:
        instance.add_dynamic_partitions(str(REQUESTS.name), checked)
