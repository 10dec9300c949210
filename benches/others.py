"""The jobs of `jobs.rs`, asked of DuckDB, ClickHouse (chdb) and Polars: `python others.py FILE.parquet [RUNS [NAME]]`.

Warm, each holds the events sorted by customer and time, with customers as numbers and names as categories, and two
threads: as favourable to them as can be. Cold, a process of its own reads the file. What is not installed is left out.
Prints rows of a Markdown table: milliseconds warm, seconds cold, and how many rows the answer has."""

import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("POLARS_MAX_THREADS", "2")
FILE, RUNS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
CSV = FILE.removesuffix("parquet") + "csv"
ONLY = sys.argv[3] if len(sys.argv) > 3 else ""
STEPS = ["view_product", "add_to_cart", "begin_checkout", "add_payment", "purchase"]
STAGES = {
    "look": "home_view category_view search view_product view_images view_reviews compare",
    "pick": "add_to_cart view_cart change_quantity remove_from_cart wishlist_add",
    "check": "begin_checkout add_shipping add_payment coupon_apply",
    "buy": "purchase",
    "after": "order_status delivery_received return_request review_written",
    "reach": "ad_click email_open email_click push_open promo_click",
}
STAGE_OF = {name: stage for stage, names in STAGES.items() for name in names.split()}
WEEK_US = 7 * 86_400_000_000


def report(tool, job, ask):
    if ONLY and ONLY not in f"{tool} {job}":
        return
    times, size = [], 0
    for _ in range(RUNS):
        start = time.perf_counter()
        size = len(ask())
        times.append((time.perf_counter() - start) * 1e3)
    print(f"| {tool}: {job}, ms | {statistics.median(times):.1f} | {min(times):.1f} | {size} |", flush=True)


def duck():
    import duckdb
    con = duckdb.connect()
    con.execute("set threads = 2")
    con.execute(f"create type name as enum (select distinct event from '{FILE}')")
    con.execute(f"create type chan as enum (select distinct channel from '{FILE}' where channel is not null)")
    con.execute(f"""create table e as
        select dense_rank() over (order by customer)::int c, timestamp::timestamp t, event::name ev, channel::chan ch
        from '{FILE}' order by 1, 2""")
    ask = lambda sql: lambda: con.execute(sql).fetchall()
    start, levels = "max(case when ev = 'view_product' then t end) over w", ""
    for k, step in enumerate(STEPS[1:], 2):
        levels += f""", l{k} as (select c, t, ev, ch{''.join(f', s{j}' for j in range(1, k))},
            max(case when ev = '{step}' and t - s{k - 1} <= interval 7 day then s{k - 1} end) over w s{k}
            from l{k - 1} window w as (partition by c order by t rows unbounded preceding))"""
    report("DuckDB", "funnel", ask(f"""with k as (select c, t, ev from e where ev in {tuple(STEPS)}),
        l1 as (select c, t, ev, null ch, {start} s1 from k window w as (partition by c order by t rows unbounded preceding))
        {levels},
        best as (select c, max(case when s5 is not null then 5 when s4 is not null then 4 when s3 is not null then 3
            when s2 is not null then 2 when s1 is not null then 1 end) n from l5 group by c),
        f as (select c, arg_min(ch, t) ch from e group by c)
        select ch, n, count(*) from best join f using (c) where n is not null group by 1, 2"""))
    report("DuckDB", "paths", ask("""with a as (select c, t, ev, lag(c) over () pc, lag(ev) over () pe from e),
        b as (select c, t, ev from a where pc is distinct from c or pe is distinct from ev),
        r as (select c, ev, row_number() over (partition by c order by t) r from b),
        p as (select c, list(ev order by r) l from r where r <= 6 group by c)
        select l, count(*) n from p group by 1 order by n desc limit 20"""))
    report("DuckDB", "transitions", ask("""select a, b, count(*) from (select c, ev a, lead(c) over () c2, lead(ev) over () b
        from e) where c = c2 group by 1, 2"""))
    stage = "case " + " ".join(
        f"when ev in {tuple(names.split()) + ('',) if ' ' not in names else tuple(names.split())} then {i}"
        for i, names in enumerate(STAGES.values())).replace(", '')", ")") + " end"
    report("DuckDB", "dwell", ask(f"""with s as (select c, t, {stage} s from e), m as (select * from s where s is not null),
        a as (select c, t, s, lag(c) over () pc, lag(s) over () ps from m),
        v as (select c, t, s from a where pc is distinct from c or ps is distinct from s),
        d as (select c, s, t, lead(c) over () nc, lead(t) over () nt from v)
        select s, quantile_cont(epoch_us(nt) - epoch_us(t), [0.5, 0.9]), count(*) from d where nc = c group by 1"""))
    # Weeks as bits: half the time of joining different weeks with the first.
    week = "((epoch_us({}) + 259200000000) // 604800000000 - 2800)::int"
    report("DuckDB", "retention", ask(f"""with b as (select {week.format("min(t)")} f, bit_or(1::hugeint << {week.format("t")}) m
            from e group by c), g as (select f, m, count(*) n from b group by 1, 2)
        select f, k - f, sum(n)::bigint from g, range(0, 127) r(k) where (m >> k::int) & 1 = 1 group by 1, 2"""))


def clickhouse():
    from chdb import session
    folder = tempfile.mkdtemp(prefix="chdb-")
    db = session.Session(folder)
    db.query("set max_threads = 2")
    db.query(f"""create table e engine = MergeTree order by (c, t) as
        select dense_rank() over (order by customer) :: UInt32 c, toUnixTimestamp64Micro(timestamp :: DateTime64(6)) :: UInt64 t,
            event :: LowCardinality(String) ev, channel :: LowCardinality(Nullable(String)) ch from file('{FILE}')""")
    db.query("optimize table e final")
    settings = " settings max_threads = 2, optimize_aggregation_in_order = 1"
    ask = lambda sql: lambda: str(db.query(sql + settings, "CSV")).splitlines()
    levels = ", ".join(f"ev = '{step}'" for step in STEPS)
    report("ClickHouse", "funnel", ask(f"""select ch, n, count() from (select c, windowFunnel({WEEK_US})(t, {levels}) n,
        argMin(ch, t) ch from e group by c) where n > 0 group by ch, n"""))
    report("ClickHouse", "paths", ask("""select p, count() n from (select c,
        arraySlice(arrayCompact(arrayMap(x -> x.2, arraySort(groupArray((t, ev))))), 1, 6) p from e group by c)
        group by p order by n desc limit 20"""))
    report("ClickHouse", "transitions", ask("""select a, b, count() from (select c, ev a, leadInFrame(c) over w c2,
        leadInFrame(ev) over w b from e window w as (order by c, t rows between current row and 1 following))
        where c = c2 group by a, b"""))
    stage = "multiIf(" + "".join(f"ev in {tuple(n.split())!r}, {i}, ".replace(",)", ")")
                                 for i, n in enumerate(STAGES.values())) + "255)"
    report("ClickHouse", "dwell", ask(f"""select s, quantilesExactInclusive(0.5, 0.9)(nt - t) from (
        select c, s, t, leadInFrame(c) over w nc, leadInFrame(t) over w nt from (
            select c, t, s, lagInFrame(c) over v pc, lagInFrame(s) over v ps from (
                select c, t, {stage} s from e where {stage} != 255)
            window v as (order by c, t rows between 1 preceding and current row))
        where pc != c or ps != s
        window w as (order by c, t rows between current row and 1 following)) where nc = c group by s"""))
    report("ClickHouse", "retention", ask("""select f, w - f k, count() from (
        select c, arrayJoin(groupUniqArray(intDiv(t + 259200000000, 604800000000))) w,
            intDiv(min(t) + 259200000000, 604800000000) f from e group by c) group by f, k"""))
    db.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def polars():
    import polars as pl
    e = (pl.read_parquet(FILE, columns=["customer", "timestamp", "event", "channel"])
         .with_columns(pl.col("customer").rank("dense").cast(pl.UInt32).alias("c"),
                       pl.col("timestamp").dt.timestamp("us").alias("t"),
                       pl.col("event").cast(pl.Categorical).alias("ev"), pl.col("channel").cast(pl.Categorical).alias("ch"))
         .select("c", "t", "ev", "ch").sort("c", "t", maintain_order=True).rechunk())
    e = e.with_columns(pl.col("ev").to_physical().cast(pl.UInt8).alias("x"))
    codes = dict(e.select(pl.col("ev").cast(pl.String), "x").unique().iter_rows())
    e = e.select("c", "t", "x", "ch", "ev")
    start = e["t"].min()

    def transitions():
        return (e.lazy().select(pl.col("x"), pl.col("x").shift(-1).alias("y"), (pl.col("c") == pl.col("c").shift(-1)).alias("k"))
                .filter("k").select((pl.col("x").cast(pl.UInt16) * 64 + pl.col("y")).alias("p")).group_by("p").len().collect())

    def paths():
        return (e.lazy().filter((pl.col("c") != pl.col("c").shift(1).fill_null(0)) | (pl.col("x") != pl.col("x").shift(1).fill_null(255)))
                .group_by("c", maintain_order=True).agg(pl.col("x").head(6).alias("p")).group_by("p").len().top_k(20, by="len").collect())

    def paths_in_groups():
        changed = pl.col("ev").ne_missing(pl.col("ev").shift())
        return (e.lazy().group_by("c").agg(pl.col("ev").filter(changed).head(6).alias("p")).group_by("p").len().top_k(20, by="len").collect())

    def retention():
        week = (pl.col("t") + 3 * 86_400_000_000) // WEEK_US
        return (e.lazy().select("c", week.cast(pl.Int32).alias("w"))
                .filter((pl.col("c") != pl.col("c").shift(1).fill_null(0)) | (pl.col("w") != pl.col("w").shift(1).fill_null(-1)))
                .with_columns((pl.col("w").min().over("c")).alias("f"))
                .group_by("f", (pl.col("w") - pl.col("f")).alias("k")).len().collect())

    table = pl.Series([{code: i for i, s in enumerate(STAGES) for n, code in codes.items() if STAGE_OF.get(n) == s}.get(x, 255)
                       for x in range(64)], dtype=pl.UInt8)

    def dwell(stage=pl.lit(table).gather(pl.col("x"))):
        return (e.lazy().select("c", "t", stage.alias("s")).filter(pl.col("s") != 255)
                .filter((pl.col("c") != pl.col("c").shift(1).fill_null(0)) | (pl.col("s") != pl.col("s").shift(1).fill_null(254)))
                .with_columns(pl.when(pl.col("c") == pl.col("c").shift(-1)).then(pl.col("t").shift(-1) - pl.col("t")).alias("d"))
                .filter(pl.col("d").is_not_null())
                .group_by("s").agg(pl.col("d").quantile(0.5, "linear").alias("p50"), pl.col("d").quantile(0.9, "linear").alias("p90")).collect())

    def dwell_of_names():
        places = [list(STAGES).index(stage) for stage in STAGE_OF.values()]
        return dwell(pl.col("ev").replace_strict(list(STAGE_OF), places, default=255, return_dtype=pl.UInt8))

    def funnel():
        # Customer and time in one number: the latest start is the largest so far, and whoever is another is long ago.
        at = pl.col("c").cast(pl.Int64) * 2**43 + (pl.col("t") - start)
        q = e.lazy().filter(pl.col("x").is_in([codes[s] for s in STEPS])).select("c", "x", at.alias("u"))
        is_step = lambda step: pl.col("x") == codes[step]
        latest = lambda fits, since: pl.when(fits).then(pl.col(since)).otherwise(0).cum_max()
        q = q.with_columns(latest(is_step(STEPS[0]), "u").alias("s1"))
        for i, step in enumerate(STEPS[1:], 2):
            fits = is_step(step) & (pl.col("u") - pl.col(f"s{i - 1}") <= WEEK_US)
            q = q.with_columns(latest(fits, f"s{i - 1}").alias(f"s{i}"))
        n = sum((pl.col(f"s{i}") >= pl.col("c").cast(pl.Int64) * 2**43).cast(pl.UInt8) for i in range(1, 6))
        first = e.lazy().filter(pl.col("c") != pl.col("c").shift(1).fill_null(0)).select("c", "ch")
        return (q.filter(pl.col("c") != pl.col("c").shift(-1).fill_null(0)).select("c", n.alias("n")).filter(pl.col("n") > 0)
                .join(first, on="c").group_by("ch", "n").len().collect())

    for job in [funnel, paths, transitions, dwell, retention]:
        report("Polars", job.__name__, job)
    # As its guide does it: repeats left out customer by customer, and the names of a column of categories replaced, where the ones
    # above compare neighbours of sorted columns and look up bytes in a table of ours.
    report("Polars", "paths, in groups", paths_in_groups)
    report("Polars", "dwell, names replaced", dwell_of_names)


COLD = {
    "DuckDB": """
import duckdb
con = duckdb.connect(); con.execute("set threads = 2")
con.execute({
    "load": f"create table e as select * from '{FILE}' order by customer, timestamp",
    "load of CSV": f"create table e as select * from '{CSV}' order by customer, timestamp",
    "transitions": f'''select a, b, count(*) from (select event a,
        lead(event) over (partition by customer order by timestamp) b from '{FILE}') where b is not null group by 1, 2''',
    "retention": f'''with f as (select customer c, min(timestamp) first from '{FILE}' group by 1),
        w as (select distinct customer c, date_trunc('week', timestamp) w from '{FILE}')
        select date_trunc('week', first) f, datediff('week', date_trunc('week', first), w) k, count(*)
        from w join f using (c) group by 1, 2''',
}[JOB]).fetchall()
""",
    "Polars": """
import polars as pl
e = pl.scan_csv(CSV, try_parse_dates=True) if "CSV" in JOB else pl.scan_parquet(FILE)
if "load" in JOB:
    e.sort("customer", "timestamp").collect()
elif JOB == "transitions":
    (e.select("customer", "timestamp", "event").sort("customer", "timestamp")
     .select(pl.col("event").alias("a"), pl.col("event").shift(-1).alias("b"),
             (pl.col("customer") == pl.col("customer").shift(-1)).alias("k"))
     .filter("k").group_by("a", "b").len().collect())
else:
    week = ((pl.col("timestamp").dt.timestamp("us") + 3 * 86_400_000_000) // (7 * 86_400_000_000)).cast(pl.Int32)
    (e.select("customer", week.alias("w")).unique().with_columns(pl.col("w").min().over("customer").alias("f"))
     .group_by("f", (pl.col("w") - pl.col("f")).alias("k")).len().collect())
""",
    "ClickHouse": """
from chdb import session
db = session.Session()
db.query("set max_threads = 2")
print(len(str(db.query({
    "load": f"create table e engine = MergeTree order by (customer, timestamp) settings allow_nullable_key = 1 as select * from file('{FILE}')",
    "load of CSV": f"create table e engine = MergeTree order by (customer, timestamp) settings allow_nullable_key = 1 as select * from file('{CSV}')",
    "transitions": f'''select a, b, count() from (select customer c, event a, leadInFrame(customer) over w c2,
        leadInFrame(event) over w b from file('{FILE}') window w as (order by customer, timestamp rows between current row
        and 1 following)) where c = c2 group by a, b''',
    "retention": f'''select f, w - f k, count() from (select customer, arrayJoin(groupUniqArray(toMonday(timestamp))) w,
        toMonday(min(timestamp)) f from file('{FILE}') group by customer) group by f, k''',
}[JOB], "CSV"))))
""",
}


def cold(tool):
    for job in ["load", "load of CSV", "transitions", "retention"]:
        if "CSV" in job and not os.path.exists(CSV):
            continue
        if ONLY and ONLY not in f"{tool} {job}":
            continue
        times = []
        for _ in range(min(RUNS, 3)):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", f"FILE, CSV, JOB = {FILE!r}, {CSV!r}, {job!r}\n" + COLD[tool]], check=True,
                           stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - start)
        print(f"| {tool}: file → {job}, s | {statistics.median(times):.3f} | {min(times):.3f} | |", flush=True)


print("| | median | best | rows |\n|---|---|---|---|")
for tool, module, warm in [("DuckDB", "duckdb", duck), ("ClickHouse", "chdb", clickhouse), ("Polars", "polars", polars)]:
    if importlib.util.find_spec(module):
        warm()
        cold(tool)
