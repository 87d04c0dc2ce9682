//! Strangers who mean harm: whatever comes in, the house answers in AWS's words (or in HTTP's, where nobody can know
//! which service was meant), goes on serving everyone else, and stays within its memory.

mod bodies;
mod framing;
mod heads;
mod memory;

use haar_tests::program::Program;
use haar_tests::raw::{self, Answer, Connection};
use haar_tests::signed;

/// A house with somebody at the door.
struct Besieged {
    house: Program,
}

impl Besieged {
    async fn open() -> Self {
        Self { house: Program::ephemeral().await }
    }

    fn address(&self) -> &str {
        self.house.address()
    }

    /// Sends something on a connection of its own: it must be refused, and the house must serve on.
    async fn refuses(&mut self, case: &str, request: &[u8]) -> Answer {
        let mut connection = Connection::to(self.address()).await;
        connection.write(request).await;
        let answer = connection.read().await;
        let answer = assert_refused(case, answer);
        self.serves(case).await;
        answer
    }

    /// Sends something that may even work, as long as it does no harm.
    async fn survives(&mut self, case: &str, request: &[u8]) -> Answer {
        let answer = raw::exchange(self.address(), request).await;
        let answer = answer.unwrap_or_else(|| panic!("{case}: no answer"));
        if answer.status != 200 {
            return assert_refused(case, Some(answer));
        }
        self.serves(case).await;
        answer
    }

    /// Fails unless a sound request is answered.
    async fn serves(&mut self, case: &str) {
        assert!(self.house.runs(), "{case}: the house fell over");
        let sound = signed::json(self.address(), "AmazonSSM.DescribeParameters", b"{}");
        let answer = raw::exchange(self.address(), &sound).await;
        let answer = answer.unwrap_or_else(|| panic!("{case}: the house does not answer any more"));
        assert_eq!(answer.status, 200, "{case}: {}", answer.text());
    }

    async fn close(self) {
        self.house.close().await;
    }
}

/// The caller's fault, in AWS's words with a code and a request id; or in HTTP's own, without a body.
#[track_caller]
fn assert_refused(case: &str, answer: Option<Answer>) -> Answer {
    let answer = answer.unwrap_or_else(|| panic!("{case}: no answer"));
    let text: String = answer.text().chars().take(300).collect();
    if answer.body.is_empty() {
        assert!([400, 413, 431].contains(&answer.status), "{case}: a bare {}", answer.status);
        return answer;
    }
    let refused = (400..500).contains(&answer.status) || answer.status == 501;
    assert!(refused, "{case}: {} {text}", answer.status);
    assert!(answer.code().is_some(), "{case}: no code in {} {text}", answer.status);
    assert!(answer.header("x-amzn-requestid").is_some(), "{case}: no request id");
    answer
}
