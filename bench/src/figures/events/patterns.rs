//! Matching an event against ten thousand rules of mixed kinds, beside a hundred.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use haar_platform::pattern::{Automaton, Pattern};
use serde_json::{Value, json};

use crate::figures::{Effort, median};
use crate::report::{Figure, Report, Target};

const FEW: usize = 100;
const MANY: usize = 10_000;

/// Applications that send events; each has rules of every kind.
const SOURCES: usize = 100;

/// Different events.
const EVENTS: usize = 500;

/// Rounds over all events, the best of which counts in each turn.
const ROUNDS: usize = 5;

pub async fn measure(effort: &Effort, report: &mut Report) -> Result<()> {
    let rules: Vec<Pattern> = (0..MANY).map(rule).collect::<Result<_>>()?;
    let events: Vec<Value> = (0..EVENTS).map(event).collect();
    let few = Automaton::build(rules.iter().take(FEW).cloned().enumerate());
    let began = Instant::now();
    let many = Automaton::build(rules.iter().cloned().enumerate());
    report.note(format!("{MANY} rules were compiled in {:.0} ms", began.elapsed().as_secs_f64() * 1000.0));
    check(&rules, &many, &events)?;
    let (mut with_few, mut with_many) = (Vec::new(), Vec::new());
    // In turns, so that both see the same machine.
    for _ in 0..effort.turns.max(3) {
        with_few.push(microseconds(&few, &events));
        with_many.push(microseconds(&many, &events));
    }
    let matches: usize = events.iter().map(|event| many.matches(event).len()).sum();
    report.note(format!("an event matched {:.1} of {MANY} rules", matches as f64 / EVENTS as f64));
    report.add(Figure {
        name: "matching against 10,000 rules",
        unit: "µs",
        haar: median(with_many),
        other: median(with_few),
        beside: "100 rules",
        target: Target::AtMost(3.0),
    });
    Ok(())
}

/// For each event, at its best.
fn microseconds(automaton: &Automaton<usize>, events: &[Value]) -> f64 {
    let round = || {
        let began = Instant::now();
        for event in events {
            black_box(automaton.matches(black_box(event)));
        }
        began.elapsed().as_secs_f64() * 1e6 / events.len() as f64
    };
    (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min)
}

/// The automaton finds what each pattern by itself finds.
fn check(rules: &[Pattern], automaton: &Automaton<usize>, events: &[Value]) -> Result<()> {
    for event in events.iter().take(20) {
        let alone: Vec<usize> = (0..rules.len()).filter(|at| rules[*at].matches(event)).collect();
        ensure!(automaton.matches(event) == alone, "the automaton differs over {event}");
    }
    Ok(())
}

/// Of ten kinds in turn.
fn rule(at: usize) -> Result<Pattern> {
    let customer = at / SOURCES;
    // Sources and kinds are independent of each other.
    let (source, kind) = (format!("app.{}", at % SOURCES), (at + at / SOURCES) % 10);
    let detail = match kind {
        0 => json!({"customer": [format!("c-{customer}")]}),
        1 => json!({"key": [{"prefix": format!("folder-{customer}/")}]}),
        2 => json!({"key": [{"suffix": format!("-{customer}.json")}], "size": [{"numeric": [">", 100]}]}),
        3 => json!({"path": [{"wildcard": format!("/v1/*/item-{customer}/*")}]}),
        4 => json!({"amount": [{"numeric": [">=", customer * 10, "<", customer * 10 + 10]}]}),
        5 => json!({"address": [{"cidr": format!("10.{}.{}.0/24", customer / 256, customer % 256)}]}),
        6 => json!({"customer": [format!("c-{customer}")], "state": [{"anything-but": ["ok", "new"]}]}),
        7 => json!({"user": [{"equals-ignore-case": format!("User-{customer}")}], "deleted": [{"exists": false}]}),
        8 => json!({format!("flag-{customer}"): [{"exists": true}]}),
        _ => json!({"$or": [{"customer": [format!("c-{customer}")]}, {"user": [format!("user-{customer}")]}]}),
    };
    let pattern = json!({"source": [source], "detail-type": ["Order Placed", "Order Changed"], "detail": detail});
    Pattern::parse_value(&pattern).context("a pattern")
}

fn event(at: usize) -> Value {
    let customer = (at * 37) % (MANY / SOURCES);
    json!({
        "version": "0",
        "id": format!("00000000-0000-0000-0000-{at:012}"),
        "detail-type": if at.is_multiple_of(2) { "Order Placed" } else { "Order Changed" },
        "source": format!("app.{}", at % SOURCES),
        "account": "000000000000",
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "customer": format!("c-{customer}"),
            "user": format!("USER-{customer}"),
            "key": format!("folder-{customer}/object-{customer}.json"),
            "path": format!("/v1/orders/item-{customer}/lines"),
            "amount": customer * 10 + 5,
            "address": format!("10.0.{customer}.7"),
            "state": "late",
            "size": 4096,
            format!("flag-{customer}"): true,
            "lines": [{"article": "a", "count": 1}, {"article": "b", "count": 2}],
        },
    })
}
