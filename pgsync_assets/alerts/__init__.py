"""Messages to people, and their ways there. Which message is sent when, is not this room's."""

from .channel import Part, Undelivered, parts_of
from .message import Alert, Message, State

__all__ = ["Alert", "Message", "Part", "State", "Undelivered", "parts_of"]
