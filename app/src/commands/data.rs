//! `haar data check`: verifies everything that is stored.

use haar_platform::store::{Config, Store};

use crate::cli::{Data, DataAction};
use crate::failure::Failure;
use crate::settings::data_dir;
use crate::wiring;

/// Checks, and says what is wrong.
pub async fn run(data: Data) -> Result<(), Failure> {
    let DataAction::Check { data_dir: given } = data.action;
    let folder = data_dir(given)?;
    if !folder.exists() {
        return Err(Failure::new(format!("there is no data in {}", folder.display())).hint("name it with --data-dir"));
    }
    let failed = || Failure::new(format!("failed to check {}", folder.display()));
    let store = Store::open(Config::at(&folder)).map_err(|error| failed().because(error))?;
    let report = store.check(wiring::tables()).await.map_err(|error| failed().because(error))?;
    for problem in &report.problems {
        println!("{problem}");
    }
    if report.problems_left_out > 0 {
        println!("and {} more problems", report.problems_left_out);
    }
    println!(
        "{} records, {} index entries, {} blobs and {} log frames checked: {}",
        report.records,
        report.index_entries,
        report.blobs,
        report.log_frames,
        if report.is_clean() { "clean" } else { "damaged" }
    );
    store.close().await.map_err(|error| failed().because(error))?;
    if report.is_clean() {
        return Ok(());
    }
    Err(Failure::new(format!("{} is damaged", folder.display()))
        .hint("restore it from a copy; haar changes nothing by itself"))
}
