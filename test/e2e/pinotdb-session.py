"""A session of Pinot's client, by DB-API and by SQLAlchemy; says what it saw as one line of JSON."""

import json
import sys

import pinotdb
from sqlalchemy import MetaData, Table, create_engine, func, inspect, select, text

host, port, key = sys.argv[1], int(sys.argv[2]), sys.argv[3]
seen = {}


def failing(run):
    try:
        run()
    except Exception as error:  # whatever the client makes of it
        return f"{type(error).__name__}: {error}"
    return "no error"


connection = pinotdb.connect(
    host=host, port=port, path="/query/sql", scheme="http", username="anybody", password=key
)
cursor = connection.cursor()
cursor.execute("SELECT sensor, count(*) AS n, max(n) FROM readings GROUP BY sensor ORDER BY sensor")
seen["description"] = [[column[0], column[1].name] for column in cursor.description]
seen["rows"] = [list(row) for row in cursor.fetchall()]
cursor.execute("SELECT n FROM readings WHERE sensor = %(sensor)s ORDER BY n LIMIT 2", {"sensor": "o'neil"})
seen["parameters"] = [list(row) for row in cursor]
cursor.execute("SELECT n FROM readings WHERE n > 1000")
seen["none"] = cursor.fetchall()
seen["unknown_column"] = failing(lambda: cursor.execute("SELECT nope FROM readings"))
seen["unknown_table"] = failing(lambda: cursor.execute("SELECT 1 FROM nope"))
seen["syntax"] = failing(lambda: cursor.execute("SELEC 1"))
cursor.execute(
    "SELECT DISTINCTCOUNT(sensor), SUM(n) FROM readings", queryOptions="pinotCompat=true;timeoutMs=20000"
)
seen["compat"] = [[column[0] for column in cursor.description], [list(row) for row in cursor.fetchall()]]
connection.close()

stranger = pinotdb.connect(host=host, port=port, path="/query/sql", scheme="http")
seen["stranger"] = failing(lambda: stranger.cursor().execute("SELECT 1"))

url = f"pinot://anybody:{key}@{host}:{port}/query/sql?controller=http://{host}:{port}/"
engine = create_engine(url)
inspector = inspect(engine)
seen["tables"] = inspector.get_table_names()
seen["columns"] = [[column["name"], str(column["type"])] for column in inspector.get_columns("readings")]
with engine.connect() as session:
    seen["text"] = [list(row) for row in session.execute(text("SELECT count(*) FROM readings"))]
    readings = Table("readings", MetaData(), autoload_with=engine)
    statement = (
        select(readings.c.sensor, func.sum(readings.c.n).label("total"))
        .where(readings.c.n >= 1)
        .group_by(readings.c.sensor)
        .order_by(readings.c.sensor)
        .limit(5)
    )
    seen["built"] = [list(row) for row in session.execute(statement)]
    seen["error"] = failing(lambda: session.execute(text("SELECT nope(n) FROM readings")))

print(json.dumps(seen))
