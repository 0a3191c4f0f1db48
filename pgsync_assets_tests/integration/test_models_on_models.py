"""Models that read other models by their names."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import sql

from pgsync_assets.config import ModelConfig, placed, resolved_models
from pgsync_assets.errors import ModelError, PrivilegeError, StalePlan
from pgsync_assets.model import rows
from pgsync_assets.outcome import Counts

from ..fix_syncs import Syncs

ORDERS = "id int primary key, customer int, price numeric"


@pytest.fixture
def items(either: Syncs) -> Syncs:
    """Orders of two customers, for both engines."""
    return filled(either)


@pytest.fixture
def shop(syncs: Syncs) -> Syncs:
    """The same for one engine."""
    return filled(syncs)


def filled(syncs: Syncs) -> Syncs:
    """Six orders at the source."""
    syncs.pair.source.execute(
        f"create table orders ({ORDERS})",
        "insert into orders select n, n % 2, n * 10 from generate_series(1, 6) as n",
    )
    syncs.pair.source.grant_table("orders")
    syncs.pair.destination.execute("create table items (id int primary key, total numeric)")
    syncs.pair.destination.grant_table("items", "select", "insert", "update", "delete")
    return syncs


def using(text: str, *uses: str, **parameters: Any) -> dict[str, Any]:
    """A model of a statement."""
    return {"sql": text, "key": ["id"], "uses": uses, "parameters": parameters, "source": "shop"}


def table(**more: Any) -> dict[str, Any]:
    """A model of the orders."""
    return {"table": "public.orders", "key": ["id"], "source": "shop"} | more


def model_of(**models: dict[str, Any]) -> ModelConfig:
    """The last of some models, with those that it uses."""
    written = {name: ModelConfig.model_validate(model) for name, model in models.items()}
    found, wrong = resolved_models(written)
    assert wrong == {}
    return list(found.values())[-1]


def fields(**models: dict[str, Any]) -> dict[str, Any]:
    """What a sync of the last of some models has."""
    return {"model": model_of(**models)}


def there(syncs: Syncs) -> list[tuple[Any, ...]]:
    """What arrived."""
    return syncs.pair.destination.rows("select id, total::int from items order by 1")


def returned(syncs: Syncs, model: ModelConfig, *columns: str) -> list[tuple[Any, ...]]:
    """Rows of a model."""
    with syncs.pair.source.connect() as connection:
        query = sql.Composed([rows(model, columns)])
        return sorted(connection.execute(query, binary=True).fetchall())


def explained(syncs: Syncs, query: sql.Composable) -> str:
    """How PostgreSQL would execute a query."""
    with syncs.pair.source.connect() as connection:
        found = connection.execute(sql.SQL("explain {}").format(query)).fetchall()
    return "\n".join(line for (line,) in found)


def test_a_model_reads_another_by_its_name(items: Syncs) -> None:
    """Each with parameters of its own, of the same name; a value is computed over both."""
    dear = table(where="price > :least -- euro", columns=["id", "customer", "price"])
    dear["parameters"] = {"least": 20}
    per_customer = using(
        "select customer as id, sum(price) as total from dear -- all\ngroup by 1"
        " having count(*) >= :least;",
        "dear",
        least=2,
    )
    more = fields(dear=dear, per_customer=per_customer) | {
        "values": {"total": {"sql": "model.total + 1"}}
    }
    assert items.run(**more).succeeded == Counts(added=2)
    assert there(items) == [(0, 101), (1, 81)]
    assert items.run(**more).planned == Counts()
    items.pair.source.execute("update orders set price = 61 where id = 6")
    assert items.run(**more).succeeded == Counts(changed=1)
    assert items.verify(**more).in_step


def test_a_sync_of_its_own_model_uses_others(shop: Syncs) -> None:
    written = {"orders_all": ModelConfig.model_validate(table())}
    models, _ = resolved_models(written)
    own = using("select id, price as total from orders_all where id < 3", "orders_all")
    del own["source"]
    config = placed(shop.config(model=own), models)
    assert shop.run(model=config.model).succeeded == Counts(added=2)


DIAMOND = {
    "d": using("select id, random() as chance from orders"),
    "b": using("select * from d", "d"),
    "c": using("select * from d", "d"),
    "a": using(
        "select b.id, (b.chance = c.chance)::int as total from b join c using (id)", "b", "c"
    ),
}


def test_a_diamond_has_its_end_once(shop: Syncs) -> None:
    """Both who use it see the same rows, whatever chance gives."""
    model = model_of(**DIAMOND)
    assert {row[1] for row in returned(shop, model, "id", "total")} == {1}
    query = rows(model, ("id",)).as_string(None)
    assert query.count("random()") == 1


def test_a_name_is_a_model_only_to_those_who_use_it(shop: Syncs) -> None:
    """`orders` is a model to one and the table to another, which the first reads, too."""
    models = {
        "plain": using("select id, price from orders"),
        "orders": using("select id, price from public.orders where id = 1"),
        "both": using(
            "select plain.id, count(orders.id) as total from plain"
            " left join orders using (id) group by 1",
            "orders",
            "plain",
        ),
    }
    found = returned(shop, model_of(**models), "id", "total")
    assert found == [(1, 1), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0)]


def test_an_expression_of_the_same_name_of_its_own_wins(shop: Syncs) -> None:
    models = {
        "few": using("select id, price from orders where id < 3"),
        "a": using("with few as (select 9 as id) select id from few", "few"),
        "b": using("with few as (select id + 10 as id from few) select id from few", "few"),
    }
    whole = {name: model_of(**{n: models[n] for n in ("few", name)}) for name in ("a", "b")}
    assert returned(shop, whole["a"], "id") == [(9,)]
    assert returned(shop, whole["b"], "id") == [(11,), (12,)]


LONG = "n" * 63


def test_names_of_models_are_names_of_tables(shop: Syncs) -> None:
    """As long as names may be, and with capitals, which SQL wants in quotes."""
    models = {
        LONG: using("select id, price as total from orders where id = 1"),
        "Upper": using(f"select * from {LONG}", LONG),
        "select_": using('select * from "Upper"', "Upper"),
    }
    assert returned(shop, model_of(**models), "id") == [(1,)]


def test_a_mistake_is_told_of_the_model_that_has_it(shop: Syncs) -> None:
    good = using("select id,\n  price\nfrom orders where id > :x", x=1)
    bad = using("select id,\n\n  nmae\nfrom good", "good")
    user = using("select\n *\nfrom bad", "bad")
    with pytest.raises(ModelError) as caught:
        shop.run(**fields(good=good, bad=bad, user=user))
    assert "model 'bad': the SQL of the model, line 3: column \"nmae\"" in caught.value.message

    user = using("select id,\n:missing as x from good", "good")
    with pytest.raises(ModelError, match=r"model 'user': .*, line 2: :missing is not among"):
        shop.run(**fields(good=good, user=user))

    wrong = table(where="nmae > 1")
    user = using("select * from base", "base")
    with pytest.raises(ModelError, match=r"model 'base': model\.where, line 1: column \"nmae\""):
        shop.run(**fields(base=wrong, user=user))

    parameters = {"x": {"type": "date", "value": "SECRET"}}
    wrong = using("select id from orders where now() > :x") | {"parameters": parameters}
    with pytest.raises(ModelError, match=r"model 'base': parameter 'x': its value is none"):
        shop.run(**fields(base=wrong, user=user))


REACHING = [
    "select 1 as id) select 1 as id from (select 1",
    "select 'x",
    "delete from orders returning *",
    "insert into orders values (7) returning *",
    "select 1 as id; drop table orders",
]


def test_a_base_is_one_select(shop: Syncs) -> None:
    for text in REACHING:
        with pytest.raises(ModelError, match="model 'base'"):
            shop.run(**fields(base=using(text), user=using("select * from base", "base")))
    assert shop.pair.source.rows("select count(*) from orders") == [(6,)]


def test_a_right_that_a_base_lacks_is_named_with_its_grant(shop: Syncs) -> None:
    shop.pair.source.execute(f"revoke select on orders from {shop.pair.source.user}")
    with pytest.raises(PrivilegeError) as caught:
        shop.run(**fields(base=table(), user=using("select * from base", "base")))
    assert 'GRANT SELECT ON "public"."orders"' in (caught.value.remedy or "")


def test_indexes_are_used_through_bases(shop: Syncs) -> None:
    shop.pair.source.execute(
        "insert into orders select n, n, n from generate_series(7, 20000) as n", "analyze orders"
    )
    models = {
        "base": table(where="price > 0"),
        "middle": using("select id, customer, price as total from base", "base"),
        "user": using("select * from middle", "middle"),
    }
    model = model_of(**models)
    one = sql.SQL("SELECT * FROM ({}) AS model WHERE id = 77").format(rows(model, ("id", "total")))
    plan = explained(shop, one)
    assert "orders_pkey" in plan
    assert "CTE" not in plan
    # A table is not kept where it is used twice, which would hide its index.
    twice = using("select a.* from base as a join base as b using (id)", "base")
    model = model_of(base=models["base"], twice=twice)
    one = sql.SQL("SELECT * FROM ({}) AS model WHERE id = 77").format(rows(model, ("id",)))
    assert explained(shop, one).count("orders_pkey") == 2


def test_another_base_is_another_plan(shop: Syncs) -> None:
    """A held plan is stale where what a base selects has changed."""
    user = using("select id, price as total from base", "base")
    held = shop.plan(**fields(base=table(where="id < 3"), user=user))
    other = fields(base=table(where="id < 4"), user=user)
    with pytest.raises(StalePlan):
        shop.apply(held.run_id, **other)
    assert there(shop) == []
