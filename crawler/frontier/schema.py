"""The frontier's tables, for SQLite and PostgreSQL alike."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    inspect,
    text,
)
from sqlalchemy.schema import CreateColumn

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
    # Workers in a row that died while they held it.
    Column("died", Integer, nullable=False, default=0, server_default=text("0")),
    # A listing's pulse: see ``crawler.recrawl.Pulse``.
    Column("shown", Integer, nullable=False, default=0, server_default=text("0")),
    Column("rate", Float),
    Column("every", Float, nullable=False, default=0.0, server_default=text("0")),
    UniqueConstraint("portal", "key"),
)
Index("urls_queue", urls.c.portal, urls.c.state, urls.c.host, urls.c.priority, urls.c.id)
Index("urls_due", urls.c.portal, urls.c.state, urls.c.due)
HELD = text("worker <> ''")  # spelled in a query too, for the index below to be found
Index("urls_held", urls.c.worker, sqlite_where=HELD, postgresql_where=HELD)

hosts = Table(
    "hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("next_allowed", Float, nullable=False, default=0.0),
    Column("delay", Float, nullable=False, default=0.0),  # seconds between two requests
    Column("reason", Text, nullable=False, default="", server_default=text("''")),
)

# How far the workers' time is from the store's clock, which was set while they ran: one row.
clock = Table(
    "clock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("lag", Float, nullable=False),
    Column("seen", Float, nullable=False),  # when a worker looked last, by the store's clock
)


def make(tx: Connection) -> None:
    """Make the tables, or give those of an earlier version what they have not yet."""
    metadata.create_all(tx)
    there = {column["name"] for column in inspect(tx).get_columns(urls.name)}
    for column in urls.columns:
        if column.name not in there:
            said = CreateColumn(column).compile(dialect=tx.dialect)
            tx.execute(text(f"ALTER TABLE {urls.name} ADD COLUMN {said}"))
    if "died" not in there:  # of a time when www.a.example had a clock of its own
        tx.execute(text("UPDATE urls SET host = substr(host, 5) WHERE host LIKE 'www.%'"))
        tx.execute(text("DROP INDEX IF EXISTS urls_next"))
    for index in urls.indexes:
        index.create(tx, checkfirst=True)
