"""When an asset is made because of others: Dagster's own conditions, put together for syncs."""

import dagster as dg


def after_upstream() -> dg.AutomationCondition[dg.AssetKey | dg.AssetCheckKey]:
    """True when what an asset is made from has been made anew, and all blocking checks of that have
    passed since; once for each time.

    For a dbt model that is: `dbt build` has made it and its tests have passed. A test that is under
    way, failed or was left out (`dbt run`) holds it back; a test with `severity: warn` does not. An
    upstream asset that is under way, or was never made, is waited for.

    Example:
        ```python
        class AfterDbt(PgSyncTranslator):
            def get_asset_spec(self, data):
                spec = super().get_asset_spec(data)
                return spec.replace_attributes(automation_condition=after_upstream())
        ```
    """
    condition = dg.AutomationCondition
    ready = condition.eager() & condition.all_deps_blocking_checks_passed()
    return ready.with_label("after_upstream")
