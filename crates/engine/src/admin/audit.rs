use quash_core::{Reason, RevocationId, Timestamp};

use super::listing::{MAX_NUMBER, Page, whole};
use crate::{
    answer::Answer,
    error::Error,
    form::Form,
    json_object::{JsonObject, json_array},
    ledger::AUDITED_PER_MILLI,
};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Something was revoked.
    Revoke,
    /// It was a mistake, and has been lifted.
    Lift,
}

impl Action {
    const fn name(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Lift => "lift",
        }
    }
}

/// Who did what, and why.
#[derive(Clone, Copy, Debug)]
pub struct AuditRecord<'r> {
    /// The client that asked for it.
    pub client: &'r str,
    /// What it did.
    pub action: Action,
    /// To what.
    pub id: RevocationId,
    /// Why.
    pub reason: Option<Reason>,
    /// For whom, in the client's words.
    pub actor: Option<&'r str>,
    /// What it says of it.
    pub note: Option<&'r str>,
}

impl AuditRecord<'_> {
    /// As the ledger keeps it: a JSON object, on one line.
    pub fn text(&self) -> String {
        let record = JsonObject::new().text("client", self.client).text("action", self.action.name());
        let mut record = record.text("id", &self.id.to_string());
        for (name, text) in [("reason", self.reason.map(Reason::name)), ("actor", self.actor), ("note", self.note)] {
            if let Some(text) = text {
                record = record.text(name, text);
            }
        }
        record.end()
    }
}

/// Which records an administrator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditPage {
    /// Where in the ledger.
    pub page: Page,
    since: u64,
    until: u64,
}

impl AuditPage {
    /// Reads a query.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn read(query: &Form) -> Result<Self, Error> {
        query.only(&["cursor", "limit", "since", "until"])?;
        let number = |time: Timestamp| time.as_millis().saturating_mul(AUDITED_PER_MILLI).min(MAX_NUMBER);
        Ok(Self {
            page: Page::read(query)?,
            since: whole(query, "since")?.map_or(0, number),
            until: whole(query, "until")?.map_or(MAX_NUMBER, number),
        })
    }

    /// What the shard is asked: the numbers between which its records are to lie, and how many.
    pub fn body(&self) -> String {
        // The newest come first, and a cursor is the last number that was told.
        let below = if self.page.after == 0 { self.until } else { self.until.min(self.page.after) };
        format!("{} {} {}", self.since, below, self.page.limit)
    }
}

/// The answer to a page that a shard has told: the number and the record on each line. `shards` is how many there are.
///
/// # Errors
/// [`Error::StoreUnavailable`] when it is none.
pub fn audit_page(asked: &AuditPage, told: &str, shards: u8) -> Result<Answer, Error> {
    let unreadable = || Error::StoreUnavailable(format!("no records of an audit log: {told}"));
    let (mut records, mut last) = (Vec::new(), None);
    for line in told.lines() {
        let (seq, record) = line.split_once(' ').ok_or_else(unreadable)?;
        let seq: u64 = seq.parse().map_err(|_| unreadable())?;
        let members = record.strip_prefix('{').ok_or_else(unreadable)?;
        let at = super::receipt::date(Timestamp::from_millis(seq / AUDITED_PER_MILLI));
        records.push(format!(r#"{{"seq":{seq},"at":{at},{members}"#));
        last = Some(seq);
    }
    let next = if records.len() as u64 == asked.page.limit { last } else { None };
    let page = JsonObject::new().json("records", &json_array(records));
    Ok(Answer::new(200, asked.page.with_next(page, next, shards).end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: AuditRecord<'_> = AuditRecord {
        client: "backend",
        action: Action::Revoke,
        id: RevocationId::from_bytes([7; 16]),
        reason: Some(Reason::Administrator),
        actor: Some("ann\n"),
        note: None,
    };

    #[test]
    fn a_record_is_one_line_whatever_it_says() {
        let text = concat!(
            r#"{"client":"backend","action":"revoke","id":"07070707070707070707070707070707","#,
            r#""reason":"administrator","actor":"ann\u000a"}"#
        );
        assert_eq!(RECORD.text(), text);
    }

    #[test]
    fn a_page_has_the_time_of_each_and_leads_to_the_next() {
        let asked = |query: &str| AuditPage::read(&Form::parse(query.as_bytes())).unwrap();
        let page = asked("limit=2&since=1.5");
        assert_eq!(page.body(), format!("1536000 {MAX_NUMBER} 2"));
        let told = format!("3072001 {0}\n2048000 {0}\n", RECORD.text());
        let body = audit_page(&page, &told, 2).unwrap().body;
        let members = &RECORD.text()[1..];
        let records = format!(r#"[{{"seq":3072001,"at":3,{members},{{"seq":2048000,"at":2,{members}]"#);
        assert_eq!(body, format!(r#"{{"records":{records},"next":"0-2048000"}}"#));
        // The shard's last, and then the next shard's.
        assert_eq!(asked("cursor=0-2048000&until=9").body(), "0 2048000 100");
        assert_eq!(audit_page(&asked("cursor=0-2048000"), "", 2).unwrap().body, r#"{"records":[],"next":"1-0"}"#);
        assert_eq!(audit_page(&asked("cursor=1-0"), "", 2).unwrap().body, r#"{"records":[]}"#);
        for wrong in ["x {}", "1", "1 x"] {
            assert!(matches!(audit_page(&page, wrong, 1), Err(Error::StoreUnavailable(_))), "{wrong}");
        }
    }
}
