"""Times the queries of TPC-H in DuckDB: argument 1 is the folder of Parquet files, 2 the number of threads, 3 the
number of runs; on standard input the queries as a JSON list. Prints the fastest run of each, in milliseconds, as JSON."""

import json
import sys
import time

import duckdb

folder, threads, runs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
connection = duckdb.connect()
connection.execute(f"SET threads = {threads}")
for table in "customer lineitem nation orders part partsupp region supplier".split():
    connection.execute(f"CREATE VIEW {table} AS SELECT * FROM '{folder}/{table}.parquet'")
fastest = []
for sql in json.load(sys.stdin):
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        connection.execute(sql).fetchall()
        times.append((time.perf_counter() - began) * 1000)
    fastest.append(min(times))
print(json.dumps(fastest))
