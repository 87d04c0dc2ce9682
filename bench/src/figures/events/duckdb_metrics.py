"""Times hourly averages of metrics in DuckDB: argument 1 is the Parquet file to make and read, 2 the number of threads,
3 the number of runs, 4 and 5 the numbers of metrics and of minutes, 6 when they begin. Prints the middle run in
milliseconds, and number and sum of the averages, as JSON."""

import json
import statistics
import sys
import time

import duckdb

file, threads, runs, metrics, minutes, begin = sys.argv[1], *map(int, sys.argv[2:7])
connection = duckdb.connect()
connection.execute(f"SET threads = {threads}")
connection.execute("SET enable_progress_bar = false")  # it would stand before the answer
connection.execute(f"""
    COPY (
        SELECT 'host-' || m.range AS host, make_timestamp(({begin} + t.range * 60) * 1000000) AS time,
            ((m.range * 7919 + t.range * 104729) % 10007) / 8.0 AS value
        FROM range({metrics}) m, range({minutes}) t ORDER BY m.range, t.range
    ) TO '{file}' (FORMAT parquet, COMPRESSION zstd)
""")
sql = f"""
    CREATE OR REPLACE TEMP TABLE averages AS
    SELECT host, time_bucket(INTERVAL 1 HOUR, time) AS hour, avg(value) AS average FROM '{file}' GROUP BY host, hour
"""
times = []
for _ in range(runs):
    began = time.perf_counter()
    connection.execute(sql)
    times.append((time.perf_counter() - began) * 1000)
points, total = connection.execute("SELECT count(*), sum(average) FROM averages").fetchone()
print(json.dumps({"milliseconds": statistics.median(times), "points": points, "sum": total}))
