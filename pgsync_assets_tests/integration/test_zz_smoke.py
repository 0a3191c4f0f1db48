from __future__ import annotations
from pgsync_assets_tests.fix_syncs import Syncs
def test_smoke(syncs: Syncs) -> None:
    syncs.table("id int primary key, name text")
    syncs.pair.destination.execute("alter table items add check (name <> 'bad')")
    syncs.pair.source.execute("insert into items values (1, 'a'), (2, 'b'), (3, 'bad'), (4,'d'),(5,'e'),(6,'f')")
    print(syncs.verify(delete="delete_row"))
    syncs.run(delete="delete_row")
    v = syncs.verify(delete="delete_row", values=True)
    print(v)
    syncs.pair.destination.execute("delete from items where id=1", "update items set name='X y' where id=2", "insert into items values (77,'x')")
    syncs.pair.source.execute("update items set name='new' where id=4", "delete from items where id=5", "insert into items values (8,NULL)")
    v = syncs.verify(delete="delete_row", values=True)
    for d in v.differences: print(d)
    print(v)
    assert 0
