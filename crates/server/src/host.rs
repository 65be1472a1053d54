use std::time::Duration;

use quash_core::{
    Reason, Refusal, Revocation, Timestamp,
    ledger::{Part, Span},
};
use quash_engine::{LogPart, denylist_key, from_lines, read_key};

use crate::{
    denylist::{Denylist, Step},
    options, wanted,
};

/// The page of a log's head.
const HEAD: f64 = -1.;

/// What a host has to do next: the value of an export.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Nothing.
    Done = 0,
    /// The token is good.
    NotRevoked = 1,
    /// It was revoked. The text says by what; the value, for how many milliseconds one that is issued then would be covered, too.
    Revoked = 2,
    /// A denylist can say nothing about it. The text has a code, a space, and why.
    Refused = 3,
    /// Read the log, then begin again.
    Sync = 4,
    /// Begin again after as many milliseconds as the value says.
    Wait = 5,
    /// Look up the keys of the text, one on each line.
    LookUp = 6,
    /// Nobody knows. To be tried again after as many milliseconds as the value says.
    Unavailable = 7,
    /// Read the page of the log that the value says, or its head; and answer with the number.
    Read = 8,
    /// The text is a revocation, `KEY ENTRY`. The value says when it may be forgotten.
    Row = 9,
    /// The text says what is wrong.
    Problem = 10,
}

/// A denylist, and what the last call left.
pub(crate) struct Host {
    denylist: Denylist,
    pub(crate) text: String,
    pub(crate) value: f64,
    pub(crate) number: u32,
}

impl Host {
    pub(crate) fn new(json: &str) -> Result<Self, String> {
        Ok(Self { denylist: options::denylist(json)?, text: String::new(), value: 0., number: 0 })
    }

    pub(crate) fn judge(&mut self, token: &str, is_strict: bool, arrived: Timestamp, now: Timestamp) -> Status {
        let step = self.denylist.judge(token, is_strict, arrived, now);
        self.next(step)
    }

    /// `lines` are what the store has; `None` when it has not answered.
    pub(crate) fn found(&mut self, token: &str, lines: Option<&str>, now: Timestamp) -> Status {
        // What a line that cannot be read would have revoked, nobody knows.
        let (rows, problem) = lines.map_or_else(|| (Vec::new(), Some(String::new())), from_lines);
        let step = self.denylist.found(token, &rows, problem.is_none(), now);
        self.next(step)
    }

    pub(crate) fn is_due(&self) -> bool {
        self.denylist.is_due()
    }

    pub(crate) fn next_read(&mut self, now: Timestamp) -> Status {
        let Some((number, part)) = self.denylist.next_read(now) else { return Status::Done };
        self.number = number;
        self.leave(Status::Read, String::new(), if let Part::Page(page) = part { page as f64 } else { HEAD })
    }

    pub(crate) fn answered(&mut self, number: u32, epoch: &str, span: Span, head: u64, lines: &str, now: Timestamp) {
        let (rows, problem) = from_lines(lines);
        let epoch = u64::from_str_radix(epoch, 16).ok().filter(|_| problem.is_none());
        let part = epoch.map(|epoch| LogPart { epoch, span, head, rows: &rows });
        self.denylist.answered(number, part.as_ref(), now);
    }

    pub(crate) fn failed(&mut self, number: u32, now: Timestamp) {
        self.denylist.answered(number, None, now);
    }

    pub(crate) fn record(&mut self, lines: &str, now: Timestamp) {
        self.denylist.record(&from_lines(lines).0, now);
    }

    pub(crate) fn revocation(&mut self, token: &str, now: Timestamp) -> Status {
        match self.denylist.vouched(token) {
            Ok(token) => self.row(token.revocation(Reason::Logout, now)),
            Err(refusal) => self.next(Step::Refused(refusal)),
        }
    }

    pub(crate) fn revocation_of(&mut self, wanted: &str, now: Timestamp) -> Status {
        match wanted::of_claim(wanted, &mut self.denylist.issuers, now) {
            Ok(revocation) => self.row(revocation),
            Err(problem) => self.leave(Status::Problem, problem, 0.),
        }
    }

    pub(crate) fn merge(&mut self, key: &str, known: &str, new: &str) -> Status {
        let read = |entry| Revocation::from_entry(read_key(key)?, entry).ok();
        match read(known).zip(read(new)) {
            Some((known, new)) => self.row(Some(known.renewed(new))),
            None => self.leave(Status::Problem, format!("cannot be read: {key}"), 0.),
        }
    }

    fn next(&mut self, step: Step) -> Status {
        let none = String::new;
        match step {
            Step::NotRevoked => Status::NotRevoked,
            Step::Revoked { rule, retry_after } => {
                self.leave(Status::Revoked, rule.to_string(), millis(retry_after.unwrap_or_default()))
            }
            Step::Refused(refusal) => self.leave(Status::Refused, coded(&refusal), 0.),
            Step::Sync => Status::Sync,
            Step::Wait(pause) => self.leave(Status::Wait, none(), millis(pause)),
            Step::LookUp(ids) => {
                let keys: Vec<_> = ids.into_iter().map(denylist_key).collect();
                self.leave(Status::LookUp, keys.join("\n"), 0.)
            }
            Step::Unavailable { retry_after } => self.leave(Status::Unavailable, none(), millis(retry_after)),
        }
    }

    fn row(&mut self, revocation: Option<Revocation>) -> Status {
        let Some(revocation) = revocation else { return Status::Done };
        let line = format!("{} {}", denylist_key(revocation.id), revocation.to_entry());
        self.leave(Status::Row, line, revocation.expires_at.as_millis() as f64)
    }

    fn leave(&mut self, status: Status, text: String, value: f64) -> Status {
        (self.text, self.value) = (text, value);
        status
    }
}

fn coded(refusal: &Refusal) -> String {
    format!("{} {refusal}", refusal.code())
}

fn millis(duration: Duration) -> f64 {
    duration.as_millis() as f64
}
