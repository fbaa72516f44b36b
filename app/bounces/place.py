"""What the places share that messages are read from."""

from collections.abc import Callable

Take = Callable[[bytes], bool]  # takes a message, cut off at MAX_BYTES, and tells whether it is done with


class CannotRead(Exception):
    """The place, or some messages in it, cannot be read now.

    The text is for the operator, without a password or anything of a message.
    """
