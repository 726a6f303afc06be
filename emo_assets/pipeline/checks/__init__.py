"""Asset checks: what must be true of what assets hold, and which problems stop the assets after them.

`findings` and `training_findings` judge, as pure functions; `rules` says what each table must be; the other
modules are what Dagster runs. A check blocks where bad data would train a model or be served.
"""
