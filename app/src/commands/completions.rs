//! `haar completions`: a script for the shell.

use clap::CommandFactory;

use crate::cli::Arguments;

/// Prints the script.
pub fn run(shell: clap_complete::Shell) {
    clap_complete::generate(shell, &mut Arguments::command(), "haar", &mut std::io::stdout());
}
