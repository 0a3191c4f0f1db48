"""Is the destination in step with the model: both read, compared in the planner's database."""

from .bookkeeping import Bookkeeping
from .columns import MappedColumn
from .comparison import Comparison
from .details import Details, Reading
from .ends import End, comparable, destination_end, model_end, planned_keys, state_end
from .key import Key

__all__ = [
    "Bookkeeping",
    "Comparison",
    "Details",
    "End",
    "Key",
    "MappedColumn",
    "Reading",
    "comparable",
    "destination_end",
    "model_end",
    "planned_keys",
    "state_end",
]
