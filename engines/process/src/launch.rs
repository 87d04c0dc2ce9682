//! From a function's settings to a program with arguments and variables.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::environment::StartError;
use crate::runtime::{Interpreter, Kind};
use crate::sandbox::{Isolation, Launch, Places, Sandbox};
use crate::spec::Spec;
use crate::supervisor::Supervisor;

/// What AWS sets and users may not.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>
const RESERVED: [&str; 4] = ["AWS_LAMBDA_RUNTIME_API", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "_HANDLER"];

/// The program of a runtime.
pub(crate) struct Program {
    /// Where the process finds it.
    pub path: PathBuf,
    /// As AWS would name it.
    pub shown: PathBuf,
    /// Whether it is one of our interface clients, which frame their log messages.
    pub framed: bool,
    interpreter: Option<Interpreter>,
}

/// The bootstrap, or the interpreter.
pub(crate) fn program(sandbox: &Sandbox, spec: &Spec) -> Result<Program, StartError> {
    let layers = spec.layers.as_ref().map(crate::Package::path);
    if let Some(extension) = layers.and_then(first_extension) {
        return Err(StartError::Extension(extension));
    }
    match &spec.runtime.kind {
        Kind::Python(interpreter) | Kind::Node(interpreter) => Ok(Program {
            path: interpreter.program.clone(),
            shown: interpreter.program.clone(),
            framed: true,
            interpreter: Some(interpreter.clone()),
        }),
        Kind::Provided => {
            let folders = [(Some(spec.code.path()), "/var/task"), (layers, "/opt")];
            let found = folders.into_iter().find_map(|(folder, shown)| {
                let path = folder?.join("bootstrap");
                runnable(&path).then(|| (path, Path::new(shown).join("bootstrap")))
            });
            let (path, shown) = found.ok_or(StartError::NoBootstrap)?;
            let path = if sandbox.isolation() == Isolation::Namespaces { shown.clone() } else { path };
            Ok(Program { path, shown, framed: false, interpreter: None })
        }
    }
}

fn runnable(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

fn first_extension(layers: &Path) -> Option<String> {
    let mut extensions = std::fs::read_dir(layers.join("extensions")).ok()?.flatten();
    extensions.find(|entry| runnable(&entry.path())).map(|entry| entry.file_name().to_string_lossy().into_owned())
}

/// All that the sandbox needs to start it.
pub(crate) fn compose(
    supervisor: &Supervisor,
    spec: &Spec,
    program: &Program,
    scratch: &Path,
    api: SocketAddr,
    output: OwnedFd,
) -> Launch {
    let layers = spec.layers.as_ref().map(crate::Package::path);
    let places = supervisor.sandbox.places(spec.code.path(), layers, &supervisor.client, scratch);
    Launch {
        program: program.path.clone(),
        arguments: arguments(spec, &places),
        variables: variables(supervisor, spec, &places, api),
        code: spec.code.path().to_owned(),
        layers: layers.map(Path::to_owned),
        client: supervisor.client.clone(),
        folders: program.interpreter.iter().flat_map(|interpreter| interpreter.folders.clone()).collect(),
        scratch: scratch.to_owned(),
        memory_bytes: spec.memory_bytes,
        ephemeral_bytes: spec.ephemeral_bytes,
        output,
    }
}

fn arguments(spec: &Spec, places: &Places) -> Vec<String> {
    let client = |file: &str| places.client.join(file).to_string_lossy().into_owned();
    match &spec.runtime.kind {
        Kind::Provided => Vec::new(),
        Kind::Python(_) => vec![client("bootstrap.py")],
        // V8 sizes its heap by the machine otherwise; nine tenths leave room for what is not heap.
        Kind::Node(_) => {
            let heap = spec.memory_bytes / (1024 * 1024) * 9 / 10;
            vec![format!("--max-old-space-size={heap}"), client("index.mjs")]
        }
    }
}

/// AWS's defaults, then the function's own, then what nobody may change.
fn variables(supervisor: &Supervisor, spec: &Spec, places: &Places, api: SocketAddr) -> Vec<(String, String)> {
    let (task, opt) = (places.task.to_string_lossy(), places.layers.to_string_lossy());
    let client = places.client.to_string_lossy();
    let mut variables = vec![
        ("PATH".to_owned(), format!("/usr/local/bin:/usr/bin:/bin:{opt}/bin")),
        ("LD_LIBRARY_PATH".to_owned(), format!("/lib64:/usr/lib64:{task}:{task}/lib:{opt}/lib")),
        ("LANG".to_owned(), "en_US.UTF-8".to_owned()),
        ("TZ".to_owned(), ":UTC".to_owned()),
    ];
    match &spec.runtime.kind {
        Kind::Provided => {}
        Kind::Python(python) => {
            let site = format!("{opt}/python/lib/python{}/site-packages", python.version);
            variables.push(("PYTHONPATH".to_owned(), format!("{task}:{opt}/python:{site}")));
            variables.push(("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned()));
        }
        Kind::Node(node) => {
            let modules = format!("{opt}/nodejs/node{}/node_modules:{opt}/nodejs/node_modules", node.version);
            variables.push(("NODE_PATH".to_owned(), format!("{modules}:{task}/node_modules:{task}")));
        }
    }
    if supervisor.isolation() != Isolation::Namespaces {
        variables.push(("TMPDIR".to_owned(), places.temporary.to_string_lossy().into_owned()));
    }
    for (name, value) in spec.variables.iter().filter(|(name, _)| !RESERVED.contains(&name.as_str())) {
        variables.retain(|(known, _)| known != name);
        variables.push((name.clone(), value.clone()));
    }
    variables.push(("AWS_LAMBDA_RUNTIME_API".to_owned(), api.to_string()));
    variables.push(("LAMBDA_RUNTIME_DIR".to_owned(), client.into_owned()));
    variables.push(("LAMBDA_TASK_ROOT".to_owned(), task.into_owned()));
    variables.push(("_HANDLER".to_owned(), spec.handler.clone()));
    variables
}
