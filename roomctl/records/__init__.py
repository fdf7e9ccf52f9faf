"""What the journal remembers, for people: read-only queries, and a session as JSON, CSV or a printable PDF.

May import `roomctl.errors` only. Never writes to the journal, which is the engine's.
"""

from roomctl.records.export import FORMATS, Export, export
from roomctl.records.read import Records

__all__ = ["FORMATS", "Export", "Records", "export"]
