use std::time::Duration;

use quash_core::{
    HostKey, SignatureCheck, Timestamp,
    follower::SyncId,
    json::{self, Value},
};
use quash_engine::{
    Access, Checking, Credential, Deflated, Due, Endpoint, Engine, Error, Fetch, Fetched, Head, Health, LedgerRead,
    ListCheck, LookUp, Route, Source, Step, Taken,
    config::{Config, ConfigError},
    from_lines, json_array, label,
    ledger::read_counts,
};

use crate::{
    pending::Pending,
    registers::{Registers, Span},
    texts,
};

/// What a host has to do next: the value of an export.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// The request is for an endpoint of Quash, whose name is the text.
    Endpoint = 0,
    /// It may pass: nobody is asked who it is, or it has to say so.
    Anonymous = 1,
    /// It may pass, without any credential.
    Preflight = 2,
    /// It may pass, with the token that the registers point at.
    Admit = 3,
    /// It has an answer, in the text: it may not pass, or it asks for what the engine knows itself.
    Answer = 4,
    /// Check the signature.
    Check = 5,
    /// Look up the keys of the text in Workers KV.
    LookUp = 6,
    /// Read the document that the text describes.
    Read = 7,
    /// Begin again after a pause.
    Wait = 8,
    /// Nothing is next; or what was pending is gone, then begin again.
    Done = 9,
    /// Ask shards of the ledger what the text lists.
    Ask = 10,
    /// Read the parts of the ledger that the text lists.
    Sync = 11,
    /// The copy will not do: read it from the ledger, under the new number.
    NoCopy = 12,
    /// It may pass as with `Admit`, by a verdict that rests on less than its route asks for. The text says on what.
    AdmitLabelled = 13,
    /// A proxy asks about a request of its own. Begin with that.
    Verify = 14,
    /// Inflate what the registers have as the signing input, to no more bytes than the text says.
    Inflate = 15,
}

/// How far a document has come that its host reads.
enum Document {
    Wanted(Fetch),
    Checking(ListCheck),
    Deflated(Deflated),
}

/// What a host begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A request that reads.
    Request,
    /// A request that may change something.
    Change,
    /// A request that a proxy has, and asks about.
    Forwarded,
    /// A token that somebody asks about: as the `Authorization` of a request on no particular path.
    Token,
}

/// An engine, and what waits for its host.
pub(crate) struct Host {
    engine: Engine,
    checks: Pending<Checking>,
    look_ups: Pending<LookUp>,
    documents: Pending<Document>,
    reads: Pending<(SyncId, LedgerRead)>,
    pub(crate) registers: Registers,
    text: String,
}

impl Host {
    /// Reads the configuration from the variables of a Worker: a JSON object with the text of each, and `QUASH` as text or table.
    pub(crate) fn new(variables: &str, seed: u64) -> Result<Self, ConfigError> {
        let wrong = |problem: &str| ConfigError { field: "QUASH".into(), problem: problem.into() };
        let document =
            json::Document::parse(variables.into()).map_err(|error| wrong(&format!("the variables: {error}")))?;
        let variables = document.object();
        let secret = |name: &str| variables.get(name)?.as_str().map(str::to_owned);
        let (config, trust) = match variables.get("QUASH").ok_or_else(|| wrong("there is no such variable"))? {
            Value::String(json) => Config::parse(json, secret)?,
            Value::Object(table) => Config::read(table, secret)?,
            _ => return Err(wrong("must be a table, or the same as a text of JSON")),
        };
        let settings = texts::settings(&config);
        let mut host = Self {
            engine: Engine::new(config, trust, seed),
            checks: Pending::default(),
            look_ups: Pending::default(),
            documents: Pending::default(),
            reads: Pending::default(),
            registers: Registers::EMPTY,
            text: String::new(),
        };
        host.say(settings);
        Ok(host)
    }

    pub(crate) fn begin(&mut self, asked: Asked, head: &Head<'_>, arrived: Timestamp, now: Timestamp) -> Status {
        let route = match asked {
            Asked::Request | Asked::Change => self.engine.route(head),
            Asked::Forwarded => self.engine.access_forwarded(head).map(Route::Origin),
            Asked::Token => self.engine.access_of_token(head).map(Route::Origin),
        };
        match route {
            Ok(Route::Endpoint(Endpoint::Health)) if asked == Asked::Change => {
                self.refuse(&Error::MethodNotAllowed("GET, HEAD"))
            }
            Ok(Route::Endpoint(Endpoint::Health)) => self.health(arrived, now),
            Ok(Route::Endpoint(Endpoint::Verify)) => Status::Verify,
            Ok(Route::Endpoint(endpoint)) => {
                self.say(endpoint.name().into());
                Status::Endpoint
            }
            Ok(Route::Origin(Access::Preflight)) => Status::Preflight,
            Ok(Route::Origin(Access::Public | Access::Guarded(None, _))) => Status::Anonymous,
            Ok(Route::Origin(Access::Guarded(Some(credential), policy))) => {
                self.point_at(&credential, head);
                let step = self.engine.judge(credential.token, &policy, arrived, now);
                self.next(step, now)
            }
            Err(error) if asked == Asked::Forwarded => {
                self.say(texts::answer(&error.answer_to_proxy()).end());
                Status::Answer
            }
            Err(error) => self.refuse(&error),
        }
    }

    /// How the guard is, which only its own engine knows.
    fn health(&mut self, arrived: Timestamp, now: Timestamp) -> Status {
        match self.engine.health(arrived, now) {
            Health::Answer(answer) => {
                self.say(texts::answer(&answer).end());
                Status::Answer
            }
            Health::Sync(sync) => self.sync(sync, now),
            Health::Wait(pause) => self.wait(pause),
        }
    }

    pub(crate) fn confirm(&mut self, token: &str, arrived: Timestamp, now: Timestamp) -> Status {
        match self.engine.confirm(token, arrived, now) {
            Ok(()) => Status::Done,
            Err(error) => self.refuse(&error),
        }
    }

    pub(crate) fn checked(&mut self, pending: u32, valid: bool, now: Timestamp) -> Status {
        let Some(checking) = self.checks.take(pending) else { return Status::Done };
        let step = self.engine.checked(checking, valid, now);
        self.next(step, now)
    }

    /// `found` has a line for each entry; `outage` says why there may be others; `counts` is the header of the ledger's root.
    pub(crate) fn looked_up(&mut self, pending: u32, [found, outage, counts]: [&str; 3], now: Timestamp) -> Status {
        let Some(look_up) = self.look_ups.take(pending) else { return Status::Done };
        let (entries, unreadable) = from_lines(found);
        let outage = Some(outage.to_owned()).filter(|outage| !outage.is_empty()).or(unreadable);
        let step = self.engine.looked_up(look_up, &entries, outage, read_counts(counts), now);
        self.next(step, now)
    }

    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.engine.is_due(now)
    }

    /// What to do while requests go on.
    pub(crate) fn due(&mut self, now: Timestamp) -> Status {
        match self.engine.due(now) {
            Some(Due::Read(fetch)) => self.read(fetch, now),
            Some(Due::Sync(sync)) => self.sync(sync, now),
            None => Status::Done,
        }
    }

    /// The copy of a part of the ledger, that was asked for at `copied_at`.
    pub(crate) fn copied(&mut self, number: u32, copy: &[u8], copied_at: Timestamp, now: Timestamp) -> Status {
        let Some((sync, read)) = self.reads.take(number) else { return Status::Done };
        if self.engine.is_usable(&read, copied_at, now) {
            self.engine.read(&read, Ok(copy), Some(copied_at), now);
            return self.sync(sync, now);
        }
        self.registers.pending = self.reads.put((sync, read), now);
        Status::NoCopy
    }

    /// The ledger's own answer, or why there is none.
    pub(crate) fn answered(&mut self, number: u32, answer: Result<&[u8], String>, now: Timestamp) -> Status {
        let Some((sync, read)) = self.reads.take(number) else { return Status::Done };
        self.engine.read(&read, answer, None, now);
        self.sync(sync, now)
    }

    pub(crate) fn fetched(&mut self, pending: u32, fetched: Result<Fetched<'_>, String>, now: Timestamp) -> Status {
        self.registers.lifetime = 0;
        match (self.documents.take(pending), fetched) {
            (Some(Document::Wanted(fetch)), fetched) => {
                let taken = self.engine.fetched(&fetch, fetched, now);
                self.taken(taken, now)
            }
            (Some(Document::Deflated(deflated)), Err(problem)) => {
                let taken = self.engine.inflated(deflated, Err(problem), now);
                self.taken(taken, now)
            }
            (Some(Document::Checking(checking)), Err(problem)) => {
                let taken = self.engine.list_checked(checking, Err(problem), now);
                self.taken(taken, now)
            }
            _ => Status::Done,
        }
    }

    /// Whether the signature of a document is right.
    pub(crate) fn list_checked(&mut self, pending: u32, valid: bool, now: Timestamp) -> Status {
        let Some(Document::Checking(checking)) = self.documents.take(pending) else { return Status::Done };
        let taken = self.engine.list_checked(checking, Ok(valid), now);
        self.taken(taken, now)
    }

    pub(crate) fn inflated(&mut self, pending: u32, bytes: &[u8], now: Timestamp) -> Status {
        let Some(Document::Deflated(deflated)) = self.documents.take(pending) else { return Status::Done };
        let taken = self.engine.inflated(deflated, Ok(bytes.into()), now);
        self.taken(taken, now)
    }

    fn taken(&mut self, taken: Taken, now: Timestamp) -> Status {
        match taken {
            Taken::Done(keep) => {
                let status = keep.next.map_or(Status::Done, |next| self.read(next, now));
                self.registers.lifetime = keep.lifetime.as_secs() as u32;
                status
            }
            Taken::Check(checking) => {
                self.point_at_signature(&checking.check);
                self.registers.pending = self.documents.put(Document::Checking(checking), now);
                Status::Check
            }
            Taken::Inflate(deflated) => {
                self.registers.signing_input = Span::of(deflated.bytes());
                self.say(deflated.max_bytes().to_string());
                self.registers.pending = self.documents.put(Document::Deflated(deflated), now);
                Status::Inflate
            }
        }
    }

    /// Takes note of revocations, as lines.
    pub(crate) fn record(&mut self, lines: &str, now: Timestamp) {
        let (revocations, _) = from_lines(lines);
        self.engine.record(&revocations, now);
    }

    pub(crate) fn version(&self) -> u32 {
        self.engine.version()
    }

    /// Tells about a key; `Done` when it has been withdrawn.
    pub(crate) fn key(&mut self, number: u32) -> Status {
        match self.engine.host_key(HostKey(number)).map(texts::import) {
            Some(import) => {
                self.say(import);
                Status::Read
            }
            None => Status::Done,
        }
    }

    /// Refuses a request whose key cannot be imported.
    pub(crate) fn key_failed(&mut self, number: u32, problem: &str) -> Status {
        match self.engine.host_key(HostKey(number)).map(|filed| filed.unusable(problem)) {
            Some(error) => self.refuse(&error),
            // Withdrawn meanwhile: there is another one by now, or soon.
            None => self.refuse(&Error::KeysUnavailable(format!("a withdrawn key cannot be imported: {problem}"))),
        }
    }

    fn next(&mut self, step: Step, now: Timestamp) -> Status {
        match step {
            Step::Admit(source) => match label(source) {
                None => Status::Admit,
                Some(label) => {
                    self.say(label);
                    Status::AdmitLabelled
                }
            },
            Step::Refuse(error) => self.refuse(&error),
            Step::Check(checking) => {
                self.point_at_signature(&checking.check);
                self.registers.pending = self.checks.put(checking, now);
                Status::Check
            }
            Step::LookUp(look_up) => {
                let status = match look_up.in_shards() {
                    Some(questions) => {
                        self.say(texts::questions(&questions));
                        Status::Ask
                    }
                    None => {
                        self.say(texts::keys(look_up.ids()));
                        Status::LookUp
                    }
                };
                self.registers.pending = self.look_ups.put(look_up, now);
                status
            }
            Step::Read(fetch) => self.read(fetch, now),
            Step::Sync(sync) => self.sync(sync, now),
            Step::Wait(pause) => self.wait(pause),
        }
    }

    fn wait(&mut self, pause: Duration) -> Status {
        self.registers.pause = pause.as_millis() as u32;
        Status::Wait
    }

    fn read(&mut self, fetch: Fetch, now: Timestamp) -> Status {
        self.say(texts::document(&fetch));
        self.registers.pending = self.documents.put(Document::Wanted(fetch), now);
        Status::Read
    }

    /// Tells what a sync has to read now.
    fn sync(&mut self, sync: SyncId, now: Timestamp) -> Status {
        let mut reads = Vec::new();
        while let Some(read) = self.engine.next_read(sync, now) {
            let text = texts::ledger_read(&read);
            let number = self.reads.put((sync, read), now);
            reads.push(text.number("number", number.into()).end());
        }
        self.say(json_array(reads));
        Status::Sync
    }

    pub(crate) fn refuse(&mut self, error: &Error) -> Status {
        self.say(texts::refusal(error));
        Status::Answer
    }

    fn say(&mut self, text: String) {
        self.text = text;
        self.registers.text = Span::of(self.text.as_bytes());
    }

    /// Tells where what is signed is.
    fn point_at_signature(&mut self, check: &SignatureCheck) {
        self.registers.signing_input = Span::of(check.signing_input());
        self.registers.signature = Span::of(check.signature());
        self.registers.key = check.key().0;
    }

    /// Tells where the token is.
    fn point_at(&mut self, credential: &Credential<'_>, head: &Head<'_>) {
        let (source, header) = match credential.source {
            Source::Cookie => (2, head.cookie),
            _ => (1, head.authorization),
        };
        let start = header.map_or(0, |header| credential.token.as_ptr() as usize - header.as_ptr() as usize);
        self.registers.source = source;
        self.registers.token_start = start as u32;
        self.registers.token_length = credential.token.len() as u32;
    }
}

/// A time as JavaScript has it.
pub(crate) fn timestamp(millis: f64) -> Timestamp {
    Timestamp::from_millis(millis as u64)
}

pub(crate) fn duration(millis: f64) -> Duration {
    Duration::from_millis(millis as u64)
}
