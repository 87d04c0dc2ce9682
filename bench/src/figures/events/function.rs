//! The echo function, as it is created on haar: AWS's own runtime crate in a zip file.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;

use crate::load::Connection;
use crate::requests;

/// The program itself, from the variable ECHO_FUNCTION or beside this program.
pub fn program() -> Result<PathBuf> {
    let beside = || Ok(std::env::current_exe()?.with_file_name("bootstrap"));
    let program = std::env::var_os("ECHO_FUNCTION").map_or_else(beside, |path| anyhow::Ok(path.into()))?;
    anyhow::ensure!(program.exists(), "the echo function is not built: {}", program.display());
    Ok(program)
}

/// Creates the function, and a role that it may work with.
pub async fn create(address: &str, name: &str) -> Result<()> {
    let mut connection = Connection::to(address);
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole",
    }]});
    let trust: String =
        percent_encoding::utf8_percent_encode(&trust.to_string(), percent_encoding::NON_ALPHANUMERIC).collect();
    let form = format!("Action=CreateRole&Version=2010-05-08&RoleName={name}&AssumeRolePolicyDocument={trust}");
    connection.succeed(&requests::query(address, &requests::Keys::root(), "iam", &form)).await?;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("bootstrap", zip::write::SimpleFileOptions::default().unix_permissions(0o755))?;
    archive.write_all(&std::fs::read(program()?)?)?;
    let code = BASE64.encode(archive.finish()?.into_inner());
    let input = json!({
        "FunctionName": name, "Runtime": "provided.al2023", "Handler": "bootstrap", "MemorySize": 256, "Timeout": 30,
        "Role": format!("arn:aws:iam::000000000000:role/{name}"), "Code": {"ZipFile": code},
    });
    let request = requests::rest(address, "lambda", "POST", "/2015-03-31/functions", &input);
    let answer = connection.call(&request).await?;
    anyhow::ensure!(answer.status == 201, "CreateFunction: {}", String::from_utf8_lossy(&answer.body));
    Ok(())
}

/// One invocation of it.
pub fn invoke(address: &str, name: &str, event: &serde_json::Value) -> bytes::Bytes {
    requests::rest(address, "lambda", "POST", &format!("/2015-03-31/functions/{name}/invocations"), event)
}

/// The next invocation finds no environment that is warm.
pub async fn cool(address: &str, name: &str, turn: usize) -> Result<()> {
    let path = format!("/2015-03-31/functions/{name}/configuration");
    let request = requests::rest(address, "lambda", "PUT", &path, &json!({"Description": format!("turn {turn}")}));
    Connection::to(address).succeed(&request).await.context("UpdateFunctionConfiguration")?;
    Ok(())
}
