"""Everything that knows Dagster: assets, partitions, resources, IO managers, jobs.

An asset's body reads its inputs, calls one domain function and attaches metadata. How music is read,
learned or made does not belong here.
"""
