//! Which program runs a function's code, and finding it on this machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use parking_lot::Mutex;

/// A runtime that this machine has. From [`crate::Supervisor::runtime`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    pub(crate) kind: Kind,
}

/// The families that this crate can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `bootstrap` of the code, or of a layer.
    Provided,
    /// An interpreter with our interface client.
    Python(Interpreter),
    /// An interpreter with our interface client.
    Node(Interpreter),
}

/// An interpreter of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interpreter {
    pub program: PathBuf,
    /// `3.12`; `22`.
    pub version: String,
    /// Where its library lies.
    pub folders: Vec<PathBuf>,
}

/// A runtime that cannot run here; `Display` says what was looked for and what is there instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the runtime {runtime} cannot run on this machine: {reason}")]
pub struct Unavailable {
    /// As it was asked for: `python3.12`.
    pub runtime: String,
    /// `no python3.12 was found on PATH (…); found python3.11 at /usr/bin/python3.11`.
    pub reason: String,
}

/// The interpreters found so far, by AWS's name of the runtime.
#[derive(Default)]
pub(crate) struct Runtimes {
    found: Mutex<BTreeMap<String, Runtime>>,
}

impl Runtimes {
    /// Blocking: runs the candidates to ask for their version.
    pub(crate) fn find(&self, name: &str) -> Result<Runtime, Unavailable> {
        if let Some(runtime) = self.found.lock().get(name) {
            return Ok(runtime.clone());
        }
        let runtime = find(name).map_err(|reason| Unavailable { runtime: name.to_owned(), reason })?;
        self.found.lock().insert(name.to_owned(), runtime.clone());
        Ok(runtime)
    }
}

fn find(name: &str) -> Result<Runtime, String> {
    if let "provided.al2" | "provided.al2023" = name {
        return Ok(Runtime { kind: Kind::Provided });
    }
    if let Some(version) = name.strip_prefix("python").filter(|version| version.starts_with("3.")) {
        let programs = [format!("python{version}"), "python3".to_owned(), "python".to_owned()];
        return Ok(Runtime { kind: Kind::Python(interpreter("python", version, &programs, ask_python)?) });
    }
    if let Some(version) = name.strip_prefix("nodejs").and_then(|rest| rest.strip_suffix(".x")) {
        let programs = [format!("node{version}"), "node".to_owned(), "nodejs".to_owned()];
        return Ok(Runtime { kind: Kind::Node(interpreter("node", version, &programs, ask_node)?) });
    }
    Err("haar runs provided.al2, provided.al2023, python3.x and nodejs*.x; others can bring their own bootstrap".into())
}

/// Exactly that version: code that runs on another one here could fail on AWS, or the other way round.
fn interpreter(
    family: &str,
    version: &str,
    programs: &[String],
    ask: fn(&Path) -> Option<Interpreter>,
) -> Result<Interpreter, String> {
    let mut others = BTreeMap::new();
    for folder in folders(family, version) {
        for program in programs.iter().map(|program| folder.join(program)).filter(|program| program.is_file()) {
            match ask(&program) {
                Some(found) if found.version == version => return Ok(found),
                Some(found) => others.entry(found.version).or_insert(found.program),
                // Launchers of version managers exist for versions that are not there.
                None => continue,
            };
        }
    }
    let others: Vec<String> =
        others.into_iter().map(|(version, program)| format!("{family} {version} at {}", program.display())).collect();
    let found =
        if others.is_empty() { format!("found no {family} at all") } else { format!("found {}", others.join(", ")) };
    Err(format!(
        "no {family} {version} was found: looked for {} on PATH and among installed versions; {found}",
        programs.join(", ")
    ))
}

/// `PATH`, and where the usual version managers keep what is not on it.
fn folders(family: &str, version: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect();
    folders.extend(["/usr/local/bin", "/usr/bin"].map(PathBuf::from));
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let managed: &[(&str, &str, &str)] = match family {
        "python" => &[
            (".pyenv/versions", "", "bin"),
            (".local/share/uv/python", "cpython-", "bin"),
            (".local/share/mise/installs/python", "", "bin"),
            (".asdf/installs/python", "", "bin"),
        ],
        _ => &[
            (".nvm/versions/node", "v", "bin"),
            (".local/share/fnm/node-versions", "v", "installation/bin"),
            (".local/share/mise/installs/node", "", "bin"),
            (".asdf/installs/nodejs", "", "bin"),
        ],
    };
    for (place, prefix, programs) in managed {
        let wanted = format!("{prefix}{version}.");
        let mut versions: Vec<PathBuf> = std::fs::read_dir(home.join(place))
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(&wanted))
            .map(|entry| entry.path().join(programs))
            .collect();
        versions.sort();
        folders.extend(versions.into_iter().rev());
    }
    let mut seen = std::collections::BTreeSet::new();
    folders.retain(|folder| seen.insert(folder.clone()));
    folders
}

fn ask_python(program: &Path) -> Option<Interpreter> {
    let question = "import sys, json; print(json.dumps(['%d.%d' % sys.version_info[:2], sys.executable, sys.prefix, \
                    sys.base_prefix, sys.base_exec_prefix]))";
    let answer = ask(program, &["-c", question])?;
    let [version, program, folders @ ..] = answer.as_slice() else { return None };
    let folders = folders.iter().map(PathBuf::from).collect();
    Some(Interpreter { program: program.into(), version: version.clone(), folders })
}

fn ask_node(program: &Path) -> Option<Interpreter> {
    let answer = ask(program, &["-p", "JSON.stringify([process.versions.node, process.execPath])"])?;
    let [version, program] = answer.as_slice() else { return None };
    let program = PathBuf::from(program);
    let programs = program.parent()?.to_owned();
    // An installation of its own has its library beside `bin`; a lone program in somebody's `bin` has none.
    let whole = programs.parent().filter(|prefix| prefix.join("lib/node_modules").is_dir()).map(Path::to_owned);
    Some(Interpreter {
        version: version.split('.').next()?.to_owned(),
        program,
        folders: vec![whole.unwrap_or(programs)],
    })
}

/// Runs a candidate, which answers with an array of strings.
fn ask(program: &Path, arguments: &[&str]) -> Option<Vec<String>> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| serde_json::from_slice(&output.stdout).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_is_not_there_is_refused_by_name_and_never_replaced() {
        let refused = Runtimes::default().find("python3.99").unwrap_err();
        assert_eq!(refused.runtime, "python3.99");
        assert!(refused.reason.starts_with("no python 3.99 was found: looked for python3.99"), "{refused}");
        assert!(Runtimes::default().find("nodejs4.x").is_err());
    }

    #[test]
    fn other_families_are_refused_with_what_there_is() {
        for name in ["java21", "dotnet8", "ruby3.3", "python2.7", "provided", "nodejs22"] {
            let refused = Runtimes::default().find(name).unwrap_err();
            assert!(refused.reason.contains("provided.al2023"), "{refused}");
        }
    }
}
