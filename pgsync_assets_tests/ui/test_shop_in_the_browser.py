"""What a person does in the Dagster UI: launch, watch, end, fill in partitions, look at checks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from .shop import BREAK, CUSTOMERS, DAYS, MEND, ROWS_A_DAY, YOUNG, Shop
from .waiting import until

pytestmark = pytest.mark.needs("chromium")

TABLE = "/assets/crm/public"
ALL_DAYS = dict.fromkeys(DAYS, ROWS_A_DAY)
BROKEN = DAYS[1]


def confirmed(page: Page, dialog: Locator) -> Locator:
    """The dialog after the one that says that no model has been looked at yet."""
    page.get_by_role("button", name="Confirm").click()
    expect(dialog).to_be_visible()
    return dialog


def choose_partitions(page: Page, table: str, which: str) -> Locator:
    """Opens the dialog of partitions and chooses some of them. Its last button launches."""
    page.goto(f"{TABLE}/{table}")
    page.get_by_role("button", name="Materialize").first.click()
    dialog = page.get_by_role("dialog").filter(has_text="Partition selection")
    confirmed(page, dialog)
    dialog.get_by_role("button", name=which, exact=True).click()
    return dialog


def open_launchpad(page: Page, table: str) -> Locator:
    """Opens the form of a run, as it is filled in by Dagster."""
    page.goto(f"{TABLE}/{table}")
    materialize = page.get_by_role("button", name="Materialize").first
    materialize.locator("xpath=following::button[1]").click()
    page.get_by_role("menuitem", name="Open launchpad").click()
    launchpad = page.get_by_role("dialog").filter(has_text="Launchpad (configure assets)")
    confirmed(page, launchpad)
    expect(launchpad.get_by_text("No errors")).to_be_visible()
    return launchpad


def test_a_plan_from_the_launchpad_then_the_run_its_checks_and_plots(
    shop: Shop, page: Page
) -> None:
    launchpad = open_launchpad(page, "customers")
    launchpad.get_by_role("checkbox").first.dispatch_event("click")  # checks on demand
    launchpad.get_by_text("dry_run", exact=True).first.click()
    page.keyboard.press("End")
    for _ in "false":
        page.keyboard.press("Backspace")
    page.keyboard.insert_text("true")
    launchpad.get_by_role("button", name="Materialize").click()
    expect(page.get_by_text("RUN_SUCCESS")).to_be_visible()
    assert shop.pair.destination.rows("select count(*) from customers") == [(0,)]
    expect(page.get_by_text("pgsync/planned_added")).to_be_visible()

    page.goto(f"{TABLE}/customers")
    page.get_by_role("button", name="Materialize").first.click()
    page.get_by_role("button", name="Confirm").click()
    page.get_by_text("View", exact=True).click()
    expect(page.get_by_text("RUN_SUCCESS")).to_be_visible()
    assert shop.pair.destination.rows("select count(*) from customers") == [(CUSTOMERS - YOUNG,)]

    page.goto(f"{TABLE}/customers?view=checks&checkDetail=no_rejected_rows")
    expect(page.get_by_text("Failed", exact=True).first).to_be_visible()
    expect(page.get_by_text("adults_only").first).to_be_visible()
    page.goto(f"{TABLE}/customers?view=checks&checkDetail=counts_agree")
    expect(page.get_by_text("Succeeded", exact=True).first).to_be_visible()
    page.goto(f"{TABLE}/customers")
    page.get_by_text("Plots", exact=True).click()
    expect(page.get_by_text("pgsync/rows_added").first).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()


@pytest.mark.nightly(
    "minutes in a browser: by day the same backfills go without one, in test_backfill"
)
def test_a_backfill_of_one_run_and_one_of_a_run_for_each_partition(shop: Shop, page: Page) -> None:
    shop.pair.destination.execute(BREAK)
    for table in ("orders", "orders_by_run"):
        choose_partitions(page, table, "All").get_by_role("button", name="Launch backfill").click()
        page.get_by_text("View", exact=True).click()
        expect(page).to_have_url(re.compile("/runs/b/"))
    others = {day: rows for day, rows in ALL_DAYS.items() if day != BROKEN}
    until(lambda: shop.rows_by_day("orders_by_run") == others)
    until(lambda: shop.rows_by_day("orders") == ALL_DAYS)
    expect_partitions(page, "orders", done=len(DAYS), failed=0)
    expect_partitions(page, "orders_by_run", done=len(others), failed=1)

    shop.pair.destination.execute(MEND)
    failed = choose_partitions(page, "orders_by_run", "Failed")
    failed.get_by_role("button", name="Launch 1 run").click()
    until(lambda: shop.rows_by_day("orders_by_run") == ALL_DAYS)
    expect_partitions(page, "orders_by_run", done=len(DAYS), failed=0)


def expect_partitions(page: Page, table: str, *, done: int, failed: int) -> None:
    page.goto(f"{TABLE}/{table}?view=partitions")
    expect(page.get_by_text(f"Materialized ({done})")).to_be_visible()
    expect(page.get_by_text(f"Failed ({failed})")).to_be_visible()


@pytest.mark.nightly(
    "minutes in a browser: by day runs are cancelled without one, in test_cancelled"
)
def test_a_run_is_seen_on_its_way_and_ended_by_click(shop: Shop, page: Page) -> None:
    def written() -> int:
        return int(shop.pair.destination.rows("select count(*) from slowly")[0][0])

    page.goto(f"{TABLE}/slowly")
    page.get_by_role("button", name="Materialize").first.click()
    page.get_by_role("button", name="Confirm").click()
    page.get_by_text("View", exact=True).click()
    expect(page.get_by_text(re.compile(f"writing, .* of {CUSTOMERS} rows")).first).to_be_visible()
    until(lambda: 0 < written() < CUSTOMERS)  # batches that are in, for every reader to see
    page.get_by_role("button", name="Terminate").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Terminate")).click()
    expect(page.get_by_text("RUN_CANCELED")).to_be_visible()
    assert 0 < written() < CUSTOMERS


def test_a_schedule_that_is_switched_stays_so(page: Page) -> None:
    page.goto("/automation")
    label = page.locator("label[class*=formatSwitch]")  # boxes to select are there as well
    switch = label.locator("input")
    # Until the page has heard how the schedule stands, the switch is off and cannot be moved.
    expect(switch).to_be_enabled()
    expect(switch).to_be_checked()
    # The switch moves before the server knows: a reload would take the request back.
    with page.expect_response(lambda answer: "mutation" in (answer.request.post_data or "")):
        label.click()
    expect(switch).not_to_be_checked()
    page.reload()
    expect(switch).to_be_enabled()
    expect(switch).not_to_be_checked()
