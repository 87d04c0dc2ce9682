//! Temporary: TPC-H over files.
#![allow(clippy::all, clippy::disallowed_methods, clippy::unwrap_used)]
use arrow::datatypes::DataType;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use haar_kernel::{ObjectMeta, Objects, ObjectsError, OpenObject, Timestamp};
use haar_sql::*;
#[global_allocator]
static A: mimalloc::MiMalloc = mimalloc::MiMalloc;
use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

struct Dir(String);
struct Open(ObjectMeta, File);
impl OpenObject for Open {
    fn meta(&self) -> &ObjectMeta {
        &self.0
    }
    fn read_at(&self, r: Range<u64>) -> Result<Bytes, ObjectsError> {
        let mut b = vec![0; (r.end - r.start) as usize];
        self.1.read_exact_at(&mut b, r.start).unwrap();
        Ok(b.into())
    }
}
impl Dir {
    fn meta(&self, key: &str) -> ObjectMeta {
        let m = std::fs::metadata(format!("{}/{key}", self.0)).unwrap();
        ObjectMeta { key: key.into(), size: m.len(), etag: "x".into(), modified: Timestamp::default(), readable: true }
    }
}
impl Objects for Dir {
    fn list(&self, _: &str, p: &str, _: Option<&str>, _: usize) -> Result<Vec<ObjectMeta>, ObjectsError> {
        Ok(vec![{
            let mut m = self.meta(&format!("{}.parquet", p.trim_end_matches('/')));
            m.key = format!("{p}x.parquet");
            m
        }])
    }
    fn find(&self, _: &str, k: &str) -> Result<ObjectMeta, ObjectsError> {
        Ok(self.meta(k))
    }
    fn open<'a>(&'a self, _: &'a str, k: &'a str) -> BoxFuture<'a, Result<Arc<dyn OpenObject>, ObjectsError>> {
        Box::pin(async move {
            let name = format!("{}.parquet", k.split('/').next().unwrap());
            let mut m = self.meta(&name);
            m.key = k.into();
            Ok(Arc::new(Open(m, File::open(format!("{}/{name}", self.0)).unwrap())) as Arc<dyn OpenObject>)
        })
    }
}
struct Cat(BTreeMap<String, LakeTable>);
impl Catalog for Cat {
    fn catalogs(&self) -> BoxFuture<'_, Result<Vec<String>, SqlError>> {
        Box::pin(async { Ok(vec!["awsdatacatalog".into()]) })
    }
    fn schemas<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<String>, SqlError>> {
        Box::pin(async { Ok(vec!["tpch".into()]) })
    }
    fn relations<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<Vec<(String, Relation)>, SqlError>> {
        Box::pin(async { Ok(vec![]) })
    }
    fn relation<'a>(&'a self, n: &'a RelationName) -> BoxFuture<'a, Result<Option<Relation>, SqlError>> {
        let t = self.0.get(&n.name).cloned().map(Relation::Table);
        Box::pin(async { Ok(t) })
    }
    fn partitions<'a>(
        &'a self,
        _: &'a LakeTable,
        _: Option<&'a PartitionFilter>,
    ) -> BoxFuture<'a, Result<Vec<LakePartition>, SqlError>> {
        Box::pin(async { Ok(vec![]) })
    }
}
fn hive(d: &DataType) -> String {
    match d {
        DataType::Int32 => "int".into(),
        DataType::Int64 => "bigint".into(),
        DataType::Date32 => "date".into(),
        DataType::Decimal128(p, s) => format!("decimal({p},{s})"),
        DataType::Float64 => "double".into(),
        _ => "string".into(),
    }
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (dir, threads, runs) = (args[1].clone(), args[2].parse::<usize>().unwrap(), args[3].parse::<usize>().unwrap());
    let only = args.get(4).cloned();
    let show = std::env::var("SHOW").is_ok();
    let mut tables = BTreeMap::new();
    for t in "customer lineitem nation orders part partsupp region supplier".split(' ') {
        let f = File::open(format!("{dir}/{t}.parquet")).unwrap();
        let b = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(f).unwrap();
        let columns = b.schema().fields().iter().map(|f| LakeColumn::new(f.name(), &hive(f.data_type()))).collect();
        tables.insert(
            t.to_string(),
            LakeTable {
                name: RelationName::new("awsdatacatalog", "tpch", t),
                columns,
                partition_keys: vec![],
                storage: Storage {
                    location: format!("s3://b/{t}/"),
                    serde_library: Some("org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe".into()),
                    ..Default::default()
                },
                parameters: Default::default(),
            },
        );
    }
    let spill = tempfile::tempdir().unwrap();
    let engine = Engine::open(
        Config { memory_bytes: 4 << 30, spill_dir: Some(spill.path().into()), threads },
        Arc::new(Dir(dir)),
    )
    .unwrap();
    let cat: Arc<dyn Catalog> = Arc::new(Cat(tables));
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    rt.block_on(async {
        let mut total = 0.0;
        for q in 1..=22 {
            let name = format!("q{q:02}");
            if only.as_ref().is_some_and(|o| !o.split(',').any(|o| o == name)) {
                continue;
            }
            let sql = std::fs::read_to_string(format!("/work/main/tests/data/tpch/{name}.sql")).unwrap();
            let sql = sql.trim().trim_end_matches(';').to_owned();
            let session = || Session::new("awsdatacatalog", Some("tpch"), "u", Timestamp::default(), "q");
            let (mut best, mut rows, mut plan) = (f64::MAX, 0, 0.0);
            for _ in 0..runs {
                let t = std::time::Instant::now();
                let mut query = match engine.query(Dialect::Trino, &sql, session(), cat.clone()).await {
                    Ok(q) => q,
                    Err(e) => {
                        println!("{name} {e}");
                        break;
                    }
                };
                let planned = t.elapsed().as_secs_f64();
                rows = 0;
                while let Some(b) = query.next().await {
                    let b = match b {
                        Ok(b) => b,
                        Err(e) => {
                            println!("{name} {e}");
                            break;
                        }
                    };
                    rows += b.rows();
                    if show {
                        for r in 0..b.rows() {
                            println!(
                                "ROW {name} {}",
                                (0..b.columns())
                                    .map(|c| b.text(c, r).unwrap_or("NULL".into()))
                                    .collect::<Vec<_>>()
                                    .join("|")
                            );
                        }
                    }
                }
                let e = t.elapsed().as_secs_f64();
                if e < best {
                    best = e;
                    plan = planned;
                }
                if std::env::var("STATS").is_ok() {
                    println!("{:?}", query.statistics().bytes_scanned);
                }
            }
            total += best;
            println!("{name} {rows} {:.0} ms (plan {:.1})", best * 1000.0, plan * 1000.0);
            if std::env::var("EXPLAIN").is_ok() {
                let e = Explain {
                    kind: ExplainKind::Distributed,
                    format: ExplainFormat::Text,
                    analyze: true,
                    verbose: false,
                };
                println!("{}", engine.explain(Dialect::Trino, e, &sql, session(), cat.clone()).await.unwrap());
            }
        }
        println!("total {:.0} ms", total * 1000.0);
    });
}
