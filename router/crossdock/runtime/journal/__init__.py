"""The journal on SQLite and PostgreSQL: the only truth about messages, work and effects."""

from crossdock.runtime.journal.open import OpenJournal, open_journal

__all__ = ("OpenJournal", "open_journal")
