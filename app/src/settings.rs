//! What a house is started with: flags, then `HAAR_*` variables, then haar.toml, then defaults.

use std::path::{Path, PathBuf};

use haar_platform::kernel::{AccountId, Region};
use serde::Deserialize;

use crate::cli::{Auth, IamMode, Up};
use crate::failure::Failure;

/// The file that is read when it is there and none is named.
const DEFAULT_FILE: &str = "haar.toml";

/// Everything that `haar up` must know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `HOST:PORT`; port 0 picks a free one.
    pub listen: String,
    /// None keeps everything in memory.
    pub data_dir: Option<PathBuf>,
    /// Whether signatures are verified.
    pub auth: Auth,
    /// How strictly policies are taken.
    pub iam: IamMode,
    /// Of the default credentials.
    pub account: AccountId,
    /// Of calls that name none.
    pub region: Region,
    /// What goes to standard error.
    pub log: String,
    /// As JSON lines.
    pub log_json: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    listen: Option<String>,
    data_dir: Option<PathBuf>,
    ephemeral: Option<bool>,
    auth: Option<Auth>,
    iam: Option<IamMode>,
    account: Option<String>,
    region: Option<String>,
    log: Option<String>,
    log_json: Option<bool>,
}

impl Settings {
    /// A house in memory on a free port: tests, benchmarks and the demo.
    pub fn ephemeral() -> Self {
        Self {
            listen: "127.0.0.1:0".into(),
            data_dir: None,
            auth: Auth::On,
            iam: IamMode::Enforce,
            account: AccountId::parse("000000000000").expect("twelve digits"),
            region: Region::parse("us-east-1").expect("a region's name"),
            log: "warn".into(),
            log_json: false,
        }
    }

    /// From the command line (which has read the variables) and the file.
    pub fn of(up: &Up) -> Result<Self, Failure> {
        let file = File::read(up.config.as_deref())?;
        let account = up.account.clone().or(file.account).unwrap_or_else(|| "000000000000".into());
        let region = up.region.clone().or(file.region).unwrap_or_else(|| "us-east-1".into());
        let ephemeral = up.ephemeral || file.ephemeral.unwrap_or(false);
        let data_dir = match ephemeral {
            true => None,
            false => Some(data_dir(up.data_dir.clone().or(file.data_dir))?),
        };
        Ok(Self {
            listen: up.listen.clone().or(file.listen).unwrap_or_else(|| "127.0.0.1:4566".into()),
            data_dir,
            auth: up.auth.or(file.auth).unwrap_or_default(),
            iam: up.iam.or(file.iam).unwrap_or_default(),
            account: AccountId::parse(&account).ok_or_else(|| {
                Failure::new(format!("{account} is no account id")).hint("an account id has twelve digits")
            })?,
            region: Region::parse(&region)
                .ok_or_else(|| Failure::new(format!("{region} is no region")).hint("a region looks like eu-west-1"))?,
            log: up.log.clone().or(file.log).unwrap_or_else(|| "info".into()),
            log_json: up.log_json || file.log_json.unwrap_or(false),
        })
    }
}

/// The given directory, or the user's own.
pub fn data_dir(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    if let Some(given) = given {
        return Ok(given);
    }
    let home = |variable: &str| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    home("XDG_DATA_HOME")
        .or_else(|| home("HOME").map(|home| home.join(".local/share")))
        .map(|data| data.join("haar"))
        .ok_or_else(|| Failure::new("failed to find a home for the data").hint("set --data-dir, or use --ephemeral"))
}

impl File {
    #[expect(clippy::disallowed_methods, reason = "the settings are read before there is a store")]
    fn read(named: Option<&Path>) -> Result<Self, Failure> {
        let path = named.unwrap_or(Path::new(DEFAULT_FILE));
        if named.is_none() && !path.exists() {
            return Ok(Self::default());
        }
        let failed = || Failure::new(format!("failed to read {}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| failed().because(error))?;
        toml::from_str(&text).map_err(|error| failed().because(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_wins_over_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("haar.toml");
        #[expect(clippy::disallowed_methods, reason = "a test writes its own settings")]
        std::fs::write(&path, "account = \"111111111111\"\nregion = \"eu-west-1\"\niam = \"observe\"\n")
            .expect("written");
        let up = Up { config: Some(path), region: Some("us-west-2".into()), ephemeral: true, ..Up::default() };
        let settings = Settings::of(&up).expect("settings");
        assert_eq!(settings.account.as_str(), "111111111111");
        assert_eq!(settings.region.as_str(), "us-west-2");
        assert_eq!(settings.iam, IamMode::Observe);
        assert_eq!(settings.data_dir, None);
    }

    #[test]
    fn a_wrong_account_is_refused_with_a_hint() {
        let up = Up { account: Some("12".into()), ephemeral: true, ..Up::default() };
        let failure = Settings::of(&up).expect_err("refused").to_string();
        assert_eq!(failure, "error: 12 is no account id\n  hint: an account id has twelve digits\n");
    }
}
