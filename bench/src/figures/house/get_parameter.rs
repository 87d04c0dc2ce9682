//! `ssm GetParameter` as a user with a policy: every request's signature is verified and its permission evaluated.
//! Beside moto_server, which does neither, and beside bare hyper, which does nothing at all.

use anyhow::{Context, Result};
use bytes::Bytes;
use haar::client::element;
use serde_json::json;

use crate::figures::{Effort, median};
use crate::load::{self, Connection};
use crate::report::{Figure, Report, Target};
use crate::requests::{self, Keys};
use crate::server::{Data, Server};

/// Keep-alive connections.
const CONNECTIONS: usize = 64;

/// Parameters that are read in turn.
const PARAMETERS: usize = 64;

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ssm:GetParameter","ssm:GetParameters"],"Resource":"arn:aws:ssm:*:*:parameter/bench/*"}]}"#;

pub async fn measure(effort: &Effort, report: &mut Report) -> Result<()> {
    let (haar, moto) = (Server::haar(Data::InMemory).await?, Server::moto().await?);
    let to_haar = prepare(&haar.address).await?;
    let to_moto = prepare(&moto.address).await?;
    let answer = Connection::to(&haar.address).succeed(&to_haar[0]).await?;
    let echo = Server::echo(answer.len()).await?;
    let (mut haar_rates, mut moto_rates, mut echo_rates) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.turns {
        haar_rates.push(load::rate(&haar.address, CONNECTIONS, effort.lasting, &to_haar).await?);
        echo_rates.push(load::rate(&echo.address, CONNECTIONS, effort.lasting, &to_haar).await?);
        moto_rates.push(load::rate(&moto.address, CONNECTIONS, effort.lasting, &to_moto).await?);
    }
    let haar = median(haar_rates);
    let figure = |beside, other, target| Figure { name: "ssm GetParameter", unit: "1/s", haar, other, beside, target };
    report.add(figure("moto_server", median(moto_rates), Target::AtLeast(20.0)));
    report.add(figure("bare hyper", median(echo_rates), Target::AtLeast(0.4)));
    report.note(format!("ssm GetParameter: {CONNECTIONS} connections, answers of {} bytes", answer.len()));
    Ok(())
}

/// A user with one policy, parameters to read, and a request for each.
async fn prepare(address: &str) -> Result<Vec<Bytes>> {
    let root = Keys::root();
    let mut connection = Connection::to(address);
    let encoded: String = POLICY.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let form = |action: &str, rest: &str| format!("Action={action}&Version=2010-05-08&UserName=reader{rest}");
    let iam = |form: String| requests::query(address, &root, "iam", &form);
    connection.succeed(&iam(form("CreateUser", ""))).await?;
    let policy = format!("&PolicyName=read&PolicyDocument={encoded}");
    connection.succeed(&iam(form("PutUserPolicy", &policy))).await?;
    let made = connection.succeed(&iam(form("CreateAccessKey", ""))).await?;
    let made = std::str::from_utf8(&made).context("an answer in UTF-8")?;
    let reader = Keys { id: element(made, "AccessKeyId"), secret: element(made, "SecretAccessKey") };
    let mut reads = Vec::new();
    for number in 0..PARAMETERS {
        let name = format!("/bench/parameter-{number}");
        let put = json!({ "Name": name, "Type": "String", "Value": "a value as one would have it" });
        let ssm = |keys, target, input| requests::json(address, keys, "ssm", "1.1", target, input);
        connection.succeed(&ssm(&root, "AmazonSSM.PutParameter", &put)).await?;
        reads.push(ssm(&reader, "AmazonSSM.GetParameter", &json!({ "Name": name })));
    }
    Ok(reads)
}
