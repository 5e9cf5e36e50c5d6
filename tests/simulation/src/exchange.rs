//! Messages between phones and the server, over a network that loses, delays, repeats, cuts and invents.

use anyhow::Context as _;
use serde_json::Value;
use xunke_domain::ids::SchoolId;
use xunke_sync::cursor::CursorFault;
use xunke_sync::replica::{Failure, Pull, Push, Standing};
use xunke_sync::wire::page::{Page, StreamInfo};
use xunke_sync::wire::result::{Pulled, PushAnswer};

use crate::phone::Question;
use crate::server::{Ask, Reply};
use crate::world::{Event, Message, World};

/// How long a phone waits for an answer, milliseconds.
const PATIENCE: i64 = 30_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

impl World {
    /// Lets a phone ask what it has to ask; nothing if it waits for an answer, has no network, or is done.
    pub(crate) fn go_on(&mut self, number: usize) -> anyhow::Result<()> {
        let (now, page) = (self.now, self.plan.page);
        let phone = &mut self.phones[number];
        if phone.gone || phone.out.is_some() || phone.offline_until > now {
            return Ok(());
        }
        self.wipe_if_told(number)?;
        let Some((question, ask)) = self.phones[number].ask(now, page) else { return self.tidy(number) };
        let id = self.number();
        let phone = &mut self.phones[number];
        phone.out = Some(id);
        let message = Message { id, phone: number, life: phone.life, question, ask };
        self.after(PATIENCE, Event::Expire(number, id));
        self.send(message);
        Ok(())
    }

    fn send(&mut self, message: Message) {
        let rates = self.plan.rates;
        if self.dice.permille(rates.portal) {
            let text = (*self.dice.pick(&["<html>", "{}", "{\"results\":[]}"]).unwrap_or(&"")).to_owned();
            let reply = Reply { status: 200, retry_after: None, text };
            return self.after(50, Event::Return(message, Some(reply)));
        }
        let latency = self.latency();
        if self.dice.permille(rates.duplicated) {
            self.figures.repeated += 1;
            let late = if self.dice.permille(500) { self.dice.between(0, 45 * DAY) } else { latency };
            self.after(late, Event::Arrive(message.clone()));
        }
        if self.dice.permille(rates.request_lost) {
            self.figures.lost_requests += 1;
        } else {
            self.after(latency, Event::Arrive(message));
        }
    }

    fn latency(&mut self) -> i64 {
        if self.dice.permille(self.plan.rates.delayed) {
            self.dice.between(0, 5 * HOUR)
        } else {
            self.dice.between(20, 900)
        }
    }

    /// A request arrives.
    pub(crate) fn arrive(&mut self, mut message: Message) -> anyhow::Result<()> {
        let rates = self.plan.rates;
        let cut = !message.ask.body.is_empty() && self.dice.permille(rates.truncated);
        if cut {
            let length = self.dice.index(message.ask.body.len());
            let length = message.ask.body.floor_char_boundary(length);
            message.ask.body.truncate(length);
        }
        let power_fails = self.server.is_up() && self.dice.permille(rates.power_cut);
        let Some(reply) = self.answer(&message.ask, power_fails)? else {
            self.after(20, Event::Return(message, None));
            return Ok(());
        };
        if cut && !message.ask.body.is_empty() {
            self.figures.truncated += 1;
            anyhow::ensure!(reply.status >= 400, "half a body was answered {}: {}", reply.status, reply.text);
            return Ok(());
        }
        if self.dice.permille(rates.answer_lost) {
            self.figures.lost_answers += 1;
            return Ok(());
        }
        let latency = self.latency();
        self.after(latency, Event::Return(message, Some(reply)));
        Ok(())
    }

    /// Lets the server answer a request of a phone, and holds the answer against what is known to be true.
    fn answer(&mut self, ask: &Ask, power_fails: bool) -> anyhow::Result<Option<Reply>> {
        self.server.clock().set(self.now + self.server_skew);
        if power_fails {
            // A push of a few writes takes a few dozen writes and syncs.
            let event = 1 + self.dice.below(40);
            self.server.disk().cut_power_at(event);
        }
        let reply = self.server.answer(ask);
        self.trace((
            ask.method,
            &ask.path,
            &ask.body,
            reply.as_ref().map(|reply| (reply.status, &reply.text)),
        ));
        let failed = self.server.disk().is_cut();
        let Some(reply) = reply else { return Ok(None) };
        self.figures.requests += 1;
        // What an ailing server says in its last moment reaches nobody, unless it says that all is well.
        let heard = !failed || reply.status == 200;
        if heard {
            self.observe(ask, &reply)?;
        }
        if power_fails {
            self.lose_power(ask);
        }
        Ok(heard.then_some(reply))
    }

    /// An answer arrives, or the news that there is none.
    pub(crate) fn take_answer(&mut self, message: Message, reply: Option<Reply>) -> anyhow::Result<()> {
        let Message { id, phone: number, life, question, ask: _ } = message;
        let phone = &mut self.phones[number];
        if phone.gone || phone.life != life {
            return Ok(());
        }
        let waited_for = phone.out == Some(id);
        // Whoever gave up still may hear of it; only pushes and pages are taken in then.
        if !waited_for && !matches!(question, Question::Push(_) | Question::Changes(_)) {
            return Ok(());
        }
        let Some(reply) = reply else {
            if waited_for {
                phone.out = None;
                phone.failed(Failure::Network);
                self.try_again_later(number);
            }
            return Ok(());
        };
        if waited_for {
            phone.out = None;
        }
        let well = self.understand(number, &question, &reply, waited_for)?;
        if self.dice.permille(self.plan.rates.app_killed) {
            self.kill_app(number)?;
        }
        if waited_for {
            if well { self.go_on(number)? } else { self.try_again_later(number) }
        }
        Ok(())
    }

    /// Nobody waits for an answer any longer.
    pub(crate) fn expire(&mut self, number: usize, message: u64) -> anyhow::Result<()> {
        let phone = &mut self.phones[number];
        if phone.gone || phone.out != Some(message) {
            return Ok(());
        }
        phone.out = None;
        phone.failed(Failure::Network);
        if self.plan.rates.request_lost + self.plan.rates.answer_lost == 0 && self.server.is_up() {
            self.go_on(number)?;
        } else {
            self.try_again_later(number);
        }
        Ok(())
    }

    fn try_again_later(&mut self, number: usize) {
        let jitter = u16::try_from(self.dice.below(1001)).unwrap_or(0);
        let phone = &self.phones[number];
        let at = phone.replica.retry_at(self.now, jitter).unwrap_or(self.now + 1_000);
        // People put a phone away that gets nothing done.
        if self.dice.permille(700) {
            self.after(at - self.now, Event::TryAgain(number));
        }
    }

    /// Takes an answer in; gives whether there is reason to go on at once.
    fn understand(
        &mut self,
        number: usize,
        question: &Question,
        reply: &Reply,
        waited_for: bool,
    ) -> anyhow::Result<bool> {
        let phone = &mut self.phones[number];
        if !waited_for && reply.status != 200 {
            return Ok(false);
        }
        match (question, reply.status) {
            (Question::SignIn | Question::Refresh, 200) => {
                let Ok(tokens) = serde_json::from_str::<Value>(&reply.text) else { return Ok(false) };
                if tokens["access_token"].is_string() {
                    phone.take_tokens(Some(&tokens))?;
                    return Ok(true);
                }
                Ok(false)
            }
            (Question::Refresh, 401) => {
                phone.take_tokens(None)?;
                Ok(true)
            }
            (Question::Register, 201) => {
                let device = crate::town::text(&reply.json()["device"])?.parse()?;
                if phone.registered {
                    self.figures.forks += 1;
                }
                let tx = phone.replica.rebind(device);
                phone.store(tx);
                phone.registered = true;
                Ok(true)
            }
            (Question::Streams, 200) => {
                let Ok(listed) = serde_json::from_str::<Vec<StreamInfo>>(&reply.text) else {
                    return Ok(false);
                };
                let tx = phone.replica.streams_listed(&listed);
                phone.store(tx);
                phone.has_listed();
                Ok(true)
            }
            (Question::Push(push), 200) => Ok(self.take_push_answer(number, push, reply)),
            (Question::Changes(pull), 200) => {
                let Ok(page) = serde_json::from_str::<Page>(&reply.text) else {
                    phone.failed(Failure::Network);
                    return Ok(false);
                };
                let tx = phone.replica.page(pull, page);
                phone.store(tx);
                phone.has_read(pull.stream);
                Ok(true)
            }
            (Question::Changes(pull), 410) => {
                self.figures.cursors_refused += 1;
                let fault: CursorFault = serde_json::from_value(reply.json()["reason"].clone())?;
                let tx = phone.replica.cursor_refused(pull, fault);
                phone.store(tx);
                Ok(true)
            }
            // No longer a stream of his: it is listed anew.
            (Question::Changes(_), 403 | 404) if reply.json()["code"] != "device-revoked" => {
                phone.begin();
                Ok(true)
            }
            (_, status) => {
                let failure = failure(status, reply);
                if matches!(failure, Failure::DeviceRevoked { .. }) {
                    // Its session went with the device; another device registers with another session.
                    phone.sign_out();
                }
                phone.failed(failure);
                // Refused writes are set aside or halved, and the others go on.
                Ok(matches!(status, 401 | 403 | 409 | 413))
            }
        }
    }

    fn take_push_answer(&mut self, number: usize, push: &Push, reply: &Reply) -> bool {
        let now = self.now;
        let phone = &mut self.phones[number];
        let answer = serde_json::from_str::<PushAnswer>(&reply.text);
        let Ok(answer) = answer else {
            phone.failed(Failure::Network);
            return false;
        };
        let read: Vec<SchoolId> = answer
            .pull
            .iter()
            .filter(|(_, pulled)| matches!(pulled, Pulled::Page(_)))
            .filter_map(|(stream, _)| stream.parse().ok())
            .collect();
        // A page that is refused inside a push is asked for alone, where the refusal has a status.
        if answer.pull.values().any(|pulled| matches!(pulled, Pulled::Problem(_))) {
            phone.together = false;
        }
        if let Ok(tx) = phone.replica.push_answered(now + phone.skew, push, answer) {
            phone.store(tx);
        } else {
            phone.failed(Failure::Network);
            return false;
        }
        for stream in read {
            phone.has_read(stream);
        }
        true
    }

    /// A phone that was told so destroys what it holds, once its queue is handed over.
    fn wipe_if_told(&mut self, number: usize) -> anyhow::Result<()> {
        let phone = &mut self.phones[number];
        let told = matches!(phone.replica.standing(), Standing::Revoked { wipe: true });
        if !told {
            return Ok(());
        }
        if phone.replica.unsent() > 0 {
            return Ok(());
        }
        let gone = phone.wipe();
        self.figures.phones_lost += 1;
        self.put_down(&gone)
    }

    /// What is done when there is nothing to ask.
    fn tidy(&mut self, number: usize) -> anyhow::Result<()> {
        let (removed, gone) = self.phones[number].tidy(self.now);
        for stream in removed {
            let rows = self.phones[number].rows_of(stream);
            anyhow::ensure!(
                rows.is_empty(),
                "I8: phone {number} still has rows of a stream it removed: {rows:?}"
            );
        }
        self.put_down(&gone)
    }

    /// Writes that a phone has let go of must have been answered.
    fn put_down(&mut self, gone: &[crate::oracle::SaidId]) -> anyhow::Result<()> {
        for said in gone {
            let mut answers = self.oracle.answered.values().chain(self.oracle.lost.values());
            let answered = answers.any(|answered| answered.said == *said);
            anyhow::ensure!(answered, "I8: write {said} was let go of and never answered");
            self.oracle.get_mut(*said).kept = false;
        }
        Ok(())
    }
}

fn failure(status: u16, reply: &Reply) -> Failure {
    let problem = reply.json();
    match status {
        401 => Failure::Unauthorized,
        403 if problem["code"] == "device-unknown" => Failure::DeviceUnknown,
        403 => Failure::DeviceRevoked { wipe: problem["wipe"] == true },
        409 => Failure::DeviceFork,
        413 => Failure::TooLarge,
        400 | 415 | 422 => Failure::Refused,
        426 => Failure::TooOld,
        _ => Failure::Backoff { retry_after_seconds: reply.retry_after },
    }
}

/// The cursor and stream of a request for a page.
pub(crate) fn asked(ask: &Ask) -> anyhow::Result<Pull> {
    let query = ask.path.split_once('?').map_or("", |(_, query)| query);
    let value = |name: &str| {
        query.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name)).map(|(_, v)| v)
    };
    let stream = value("stream").context("a page is of a stream")?.parse::<SchoolId>()?;
    Ok(Pull { stream, cursor: value("cursor").map(str::to_owned) })
}
