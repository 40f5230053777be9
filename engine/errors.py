"""Every error of ours, split by whose fault it is.

SokoniError
├── ConfigError      the operator's: the configuration says something that can't be
├── BadInput         the sender's: a request or file that breaks the rules; carries a sentence for them
├── FlowError        the programmer's: a flow broke its own contract (undeclared state, endless steps)
└── StoreError       the machine's
    ├── StoreBusy      the queue to the disk is full; nothing was written, try again (answered 503)
    ├── StoreFailed    the outcome of a write is unknown or the disk refuses; stop and restart from disk
    └── StoreLocked    another process has this store open
"""

from __future__ import annotations


class SokoniError(Exception):
    """The root; ``str(error)`` is always a sentence a person can act on."""


class ConfigError(SokoniError):
    """The configuration is wrong. Names the key and what is expected there."""


class BadInput(SokoniError):
    """A request, file or command breaks the rules; the sentence says what was wrong and what is expected."""


class FlowError(SokoniError):
    """A flow broke its contract. A bug of ours: the letter is tried once more and then parked."""


class StoreError(SokoniError):
    """The store could not do what it was asked."""


class StoreBusy(StoreError):
    """The bounded queue to the writer is full. Nothing was written; the sender should try again."""


class StoreFailed(StoreError):
    """The disk refused, or nobody knows whether the last batch was written. Only a restart from disk is safe."""


class StoreLocked(StoreError):
    """Another process has the same store open."""
