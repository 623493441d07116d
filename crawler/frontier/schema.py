"""The frontier's tables, for SQLite and PostgreSQL alike."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

# SQLite gives row numbers only to INTEGER; PostgreSQL wants 8 bytes.
_Id = BigInteger().with_variant(Integer, "sqlite")

urls = Table(
    "urls",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("portal", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("via", Text, nullable=False, default=""),
    Column("hops", Integer, nullable=False, default=0),
    Column("priority", Integer, nullable=False, default=5),
    Column("listing", Integer, nullable=False, default=0),
    Column("state", Text, nullable=False),
    Column("due", Float),  # epoch seconds; NULL: not to be fetched
    Column("attempts", Integer, nullable=False, default=0),
    Column("visits", Integer, nullable=False, default=0),
    Column("worker", Text, nullable=False, default=""),
    Column("token", Integer, nullable=False, default=0),
    Column("lease", Float),
    Column("outcome", Text, nullable=False, default=""),
    Column("offered", Float, nullable=False),
    Column("first_fetched", Float),
    Column("fetched", Float),
    Column("etag", Text, nullable=False, default=""),
    Column("last_modified", Text, nullable=False, default=""),
    UniqueConstraint("portal", "key"),
)
Index("urls_next", urls.c.portal, urls.c.state, urls.c.priority, urls.c.due)

hosts = Table(
    "hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("next_allowed", Float, nullable=False, default=0.0),
    Column("delay", Float, nullable=False, default=0.0),  # seconds between two requests
    Column("reason", Text, nullable=False, default="", server_default=text("''")),
)
