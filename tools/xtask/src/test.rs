//! `cargo xtask test`: sets up what the tests need on a fresh machine, and runs every one.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::program::{cargo, run, shown, target};
use crate::venv;

#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    /// Runs that ended badly without a failed test to show for it: a build error, a crash.
    broken: Vec<String>,
}

/// Runs the tests, and ends with the line `N passed, N failed`.
pub fn all(root: &Path, rust: bool, clients: bool) -> Result<()> {
    let mut tally = Tally::default();
    // Whole-house tests and real clients start the program itself.
    run_step(&mut tally, cargo(root).args(["build", "--package", "haar", "--package", "haar-echo-function"]))?;
    if rust {
        rust_tests(root, &mut tally)?;
    }
    if clients {
        client_tests(root, &mut tally)?;
    }
    for broken in &tally.broken {
        eprintln!("did not finish: {broken}");
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    ensure!(tally.failed == 0 && tally.broken.is_empty(), "the tests failed");
    ensure!(tally.passed > 0, "no test ran");
    Ok(())
}

fn run_step(tally: &mut Tally, command: &mut Command) -> Result<()> {
    if let Err(error) = run(command) {
        tally.broken.push(error.to_string());
        println!("{} passed, {} failed", tally.passed, tally.failed);
        return Err(error);
    }
    Ok(())
}

fn rust_tests(root: &Path, tally: &mut Tally) -> Result<()> {
    let mut command = cargo(root);
    command.args(["test", "--workspace", "--no-fail-fast"]);
    watch(&mut command, tally, |line, tally| {
        // test result: ok. 19 passed; 0 failed; 0 ignored; …
        let Some(rest) = line.strip_prefix("test result: ") else {
            return;
        };
        let count = |what: &str| {
            let before = rest.split(&format!(" {what}")).next().unwrap_or_default();
            before.rsplit(' ').next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0)
        };
        tally.passed += count("passed");
        tally.failed += count("failed");
    })
}

fn client_tests(root: &Path, tally: &mut Tally) -> Result<()> {
    let folder = root.join("tests/clients");
    let bin = venv::with(root, "clients", &folder.join("requirements.txt"))?;
    let mut command = Command::new(bin.join("python"));
    command.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", "-n", "4"]).current_dir(&folder);
    command.env("HAAR", target(root).join("debug/haar")).env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("ECHO_FUNCTION", target(root).join("debug/bootstrap"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(bin).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(folders)?);
    watch(&mut command, tally, |line, tally| {
        // 41 passed, 1 failed in 12.34s
        if !line.contains(" in ") || !line.trim_end_matches(['=', ' ']).ends_with('s') && !line.contains("s (") {
            return;
        }
        let words: Vec<&str> = line.split([' ', ',']).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            let Ok(number) = pair[0].parse::<u64>() else { continue };
            match pair[1] {
                "passed" => tally.passed += number,
                "failed" | "error" | "errors" => tally.failed += number,
                _ => {}
            }
        }
    })
}

/// Runs a program, shows its output as it comes, and reads its summary lines.
fn watch(command: &mut Command, tally: &mut Tally, read: impl Fn(&str, &mut Tally)) -> Result<()> {
    let text = shown(command);
    eprintln!("+ {text}");
    let failed_before = tally.failed;
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("failed to start {text}"))?;
    let output = child.stdout.take().context("the output is piped")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        read(&line, tally);
    }
    let status = child.wait()?;
    if !status.success() && tally.failed == failed_before {
        tally.broken.push(format!("{text}: {status}"));
    }
    Ok(())
}
