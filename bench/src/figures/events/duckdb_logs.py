"""Times a count of errors by five minutes in DuckDB: argument 1 is the compressed file of JSON lines, 2 the number of
threads, 3 the number of runs. Prints the middle run in milliseconds, and the sum of the counts, as JSON."""

import json
import statistics
import sys
import time

import duckdb

file, threads, runs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
connection = duckdb.connect()
connection.execute(f"SET threads = {threads}")
connection.execute("SET enable_progress_bar = false")  # it would stand before the answer
sql = f"""
    SELECT time_bucket(INTERVAL 5 MINUTE, epoch_ms("time")), count(*)
    FROM read_ndjson('{file}', columns = {{'time': 'BIGINT', 'level': 'VARCHAR'}})
    WHERE level = 'ERROR' GROUP BY 1 ORDER BY 1
"""
times = []
for _ in range(runs):
    began = time.perf_counter()
    rows = connection.execute(sql).fetchall()
    times.append((time.perf_counter() - began) * 1000)
print(json.dumps({"milliseconds": statistics.median(times), "counted": sum(count for _, count in rows)}))
