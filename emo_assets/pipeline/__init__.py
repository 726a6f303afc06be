"""Everything Dagster: assets and their checks, resources, IO managers, jobs, schedules, sensors."""
