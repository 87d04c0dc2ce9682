//! The table: what was measured, beside what, and whether the target was met.

use anyhow::Result;

/// How a target is to be read.
#[derive(Clone, Copy)]
pub enum Target {
    /// haar divided by the other is at least this.
    AtLeast(f64),
    /// haar divided by the other is at most this.
    AtMost(f64),
    /// haar's own figure is at most this; `other` says what stands beside it.
    Below(f64),
    /// haar's figure may exceed the other's by this.
    GrowsBelow(f64),
}

/// One line of the table.
pub struct Figure {
    pub name: &'static str,
    pub unit: &'static str,
    pub haar: f64,
    pub other: f64,
    pub beside: &'static str,
    pub target: Target,
}

impl Figure {
    fn met(&self) -> bool {
        match self.target {
            Target::AtLeast(ratio) => self.haar >= ratio * self.other,
            Target::AtMost(ratio) => self.haar <= ratio * self.other,
            Target::Below(limit) => self.haar <= limit,
            Target::GrowsBelow(limit) => self.haar - self.other <= limit,
        }
    }

    fn target(&self) -> String {
        match self.target {
            Target::AtLeast(ratio) => format!(">= {ratio}x"),
            Target::AtMost(ratio) => format!("<= {ratio}x"),
            Target::Below(limit) => format!("<= {limit} {}", self.unit),
            Target::GrowsBelow(limit) => format!("<= +{limit} {}", self.unit),
        }
    }
}

/// All lines.
pub struct Report {
    figures: Vec<Figure>,
    /// Measured beside the figures, for a reader.
    notes: Vec<String>,
    /// What could not be measured, and why.
    failures: Vec<String>,
}

impl Report {
    /// Says what machine this is.
    pub fn begin() -> Result<Self> {
        let cores = std::thread::available_parallelism()?;
        let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
        let note = format!(
            "{cores} cores ({}), shared by the server (as many worker threads) and the load generator",
            model.trim_start_matches(['\t', ':', ' '])
        );
        Ok(Self { figures: Vec::new(), notes: vec![note], failures: Vec::new() })
    }

    /// One more line.
    pub fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    /// One more remark below the table.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Something was not measured: that is a target missed.
    pub fn fail(&mut self, failure: String) {
        self.failures.push(failure);
    }

    /// Whether everything was measured, and no target was missed.
    pub fn all_met(&self) -> bool {
        self.failures.is_empty() && self.figures.iter().all(Figure::met)
    }

    /// To standard output.
    pub fn print(&self) {
        println!("{:<44} {:>14} {:>14}  {:<18} {:>9}  {:<12} ", "figure", "haar", "beside it", "", "ratio", "target");
        for figure in &self.figures {
            println!(
                "{:<44} {:>14} {:>14}  {:<18} {:>8.3}x  {:<12} {}",
                format!("{} [{}]", figure.name, figure.unit),
                shown(figure.haar),
                shown(figure.other),
                figure.beside,
                figure.haar / figure.other,
                figure.target(),
                if figure.met() { "PASS" } else { "FAIL" },
            );
        }
        for line in self.notes.iter().chain(&self.failures) {
            println!("{line}");
        }
    }
}

fn shown(value: f64) -> String {
    if value >= 1000.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}
