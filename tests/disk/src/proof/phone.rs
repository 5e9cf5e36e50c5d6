//! A phone that pushes without rest and keeps book of every answer.

use anyhow::Context as _;
use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use uuid::Uuid;

use super::server::{NOW, Server};

/// What the server has answered for a write.
#[derive(Clone, Debug)]
pub(super) struct Acknowledged {
    pub(super) device: String,
    pub(super) n: i64,
    pub(super) record: Uuid,
    /// The field that only this write sets.
    pub(super) field: String,
    /// Its place in the stream; none for a held write.
    pub(super) seq: Option<i64>,
    /// Its place in the held list.
    pub(super) held: Option<String>,
}

/// A phone. What it has not heard of it sends again, as it was.
#[derive(Clone, Debug)]
pub(super) struct Phone {
    number: u32,
    device: String,
    pub(super) token: String,
    school: String,
    next: i64,
    /// The push that waits for an answer.
    waiting: Vec<Value>,
    /// The last push that was answered.
    answered: Vec<Value>,
    pub(super) acknowledged: Vec<Acknowledged>,
}

/// How a push ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    Acknowledged,
    /// 503 with `Retry-After`.
    Refused,
}

/// How much a push carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Light,
    /// Several hundred kilobytes: more than SQLite keeps in memory until the commit.
    Heavy,
}

impl Phone {
    pub(super) const fn new(number: u32, device: String, token: String, school: String) -> Self {
        Self {
            number,
            device,
            token,
            school,
            next: 1,
            waiting: Vec::new(),
            answered: Vec::new(),
            acknowledged: Vec::new(),
        }
    }

    fn envelope(&self, writes: &[Value]) -> Value {
        json!({"device": self.device, "schema": 1, "unsent": 0, "writes": writes})
    }

    fn field(&self, n: i64) -> String {
        format!("x.p{}n{n}", self.number)
    }

    /// A visit of this phone's, or one that all phones of the inspector write to.
    fn write(&mut self, draw: &mut StdRng, weight: Weight) -> Value {
        let n = self.next;
        self.next += 1;
        let common = draw.random_bool(0.2);
        let record = Uuid::from_u128(if common {
            0x0199_0000_0000_7000_8000_0000_0000_0000 + u128::from(n.unsigned_abs() / 6)
        } else {
            0x0199_0000_0001_7000_8000_0000_0000_0000
                + (u128::from(self.number) << 32)
                + u128::from(n.unsigned_abs() / 3)
        });
        let mut write = json!({"n": n, "stream": self.school, "type": "visit", "record": record,
            "set": {self.field(n): n, "ratings/a": "good"}});
        if common && draw.random_bool(0.5) {
            // Made before the others', unseen: it merges and loses the rating.
            write["base"] = json!(0);
            write["stamp"] = json!(format!("{:012x}-{n:04x}-{}", NOW - 3_600_000 + n, self.device));
            write["set"]["ratings/a"] = json!("fair");
        }
        match draw.random_range(0..20) {
            0 => write["type"] = json!("song"),
            1 => write["set"]["mood"] = json!("cheerful"),
            _ => (),
        }
        if weight == Weight::Heavy {
            write["set"]["x.text"] = json!("长".repeat(18_000));
        }
        write
    }

    /// Sends what waits, or something new; sometimes what was answered already.
    pub(super) async fn push(
        &mut self,
        server: &Server,
        draw: &mut StdRng,
        weight: Weight,
    ) -> anyhow::Result<Pushed> {
        if self.waiting.is_empty() && draw.random_bool(0.1) && !self.answered.is_empty() {
            return self.push_again(server).await;
        }
        if self.waiting.is_empty() {
            let writes = if weight == Weight::Heavy { 10 } else { draw.random_range(1..=3) };
            self.waiting = (0..writes).map(|_| self.write(draw, weight)).collect();
        }
        let answer = server.post("/api/v1/sync/push", &self.token, &self.envelope(&self.waiting)).await?;
        if answer.is_refusal() {
            return Ok(Pushed::Refused);
        }
        let body = answer.expect(200).context("a push")?;
        let results = body["results"].as_array().context("no results")?;
        anyhow::ensure!(results.len() == self.waiting.len(), "one result a write");
        for (write, result) in self.waiting.iter().zip(results) {
            let n = write["n"].as_i64().context("a number")?;
            anyhow::ensure!(result["n"] == n, "in order");
            self.acknowledged.push(Acknowledged {
                device: self.device.clone(),
                n,
                record: serde_json::from_value(write["record"].clone())?,
                field: self.field(n),
                seq: result["seq"].as_i64(),
                held: result["held"].as_str().map(str::to_owned),
            });
            let last = self.acknowledged.last();
            anyhow::ensure!(last.is_some_and(|it| it.seq.is_some() != it.held.is_some()), "odd: {result}");
        }
        self.answered = std::mem::take(&mut self.waiting);
        Ok(Pushed::Acknowledged)
    }

    /// Sends an answered push once more: every write must be a duplicate with the answer it had.
    async fn push_again(&self, server: &Server) -> anyhow::Result<Pushed> {
        let answer = server.post("/api/v1/sync/push", &self.token, &self.envelope(&self.answered)).await?;
        if answer.is_refusal() {
            return Ok(Pushed::Refused);
        }
        let body = answer.expect(200).context("a push sent again")?;
        for (write, result) in self.answered.iter().zip(body["results"].as_array().into_iter().flatten()) {
            let first =
                self.acknowledged.iter().find(|first| write["n"] == first.n).context("a first answer")?;
            let same =
                result["seq"].as_i64() == first.seq && result["held"].as_str() == first.held.as_deref();
            anyhow::ensure!(same && result["outcome"] == "duplicate", "{result} instead of {first:?}");
        }
        Ok(Pushed::Acknowledged)
    }

    /// A push without writes that asks for the stream from zero, as a phone does that only reads.
    pub(super) async fn poll(&self, server: &Server) -> anyhow::Result<Value> {
        let mut body = self.envelope(&[]);
        body["pull"] = json!({self.school.clone(): null});
        body["unsent"] = json!(self.waiting.len());
        server.post("/api/v1/sync/push", &self.token, &body).await?.expect(200).context("a poll")
    }
}
