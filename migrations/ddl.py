"""Print the DDL of tables as the models declare them: `python -m migrations.ddl household member`.

A revision is written from this text, then lives on its own; `alembic check` compares the two.
"""

import sys

from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from migrations.metadata import METADATA


def ddl(names: list[str]) -> str:
    """Return CREATE TABLE and CREATE INDEX statements of the named tables, in the order given."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy types it not
    statements = []
    for name in names:
        table = METADATA.tables[name]
        statements.append(str(CreateTable(table).compile(dialect=dialect)).strip())
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        statements += [
            str(CreateIndex(index).compile(dialect=dialect)).strip() for index in indexes
        ]
    text = ";\n\n".join(statements).replace("\t", "  ").replace(" \n", "\n")
    return text.replace("%%", "%") + ";\n"


if __name__ == "__main__":
    sys.stdout.write(ddl(sys.argv[1:]))
