"""Rows of a user's own code, written as a sync's are: checked, in batches, exactly once."""

from .deliver import deliver
from .order import Order
from .result import Delivered, RejectedRow
from .rows import GivenRows

__all__ = ["Delivered", "GivenRows", "Order", "RejectedRow", "deliver"]
