use quash_core::{InvalidId, RevocationId, Target, Timestamp};

use super::{
    demand::reason,
    receipt::{KINDS, described},
};
use crate::{
    answer::Answer,
    denylist::from_lines,
    error::Error,
    form::Form,
    json_object::{JsonObject, json_array},
};

/// How many of a list are told at once, unless it is said; and the most.
const LIMIT: u64 = 100;
const MAX_LIMIT: u64 = 1000;

/// The greatest number that a shard may be asked about: the greatest that JavaScript has exactly.
pub(super) const MAX_NUMBER: u64 = (1 << 53) - 1;

/// A page of a list that shards keep. One shard is asked for one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The shard.
    pub shard: u8,
    /// The number in it that the last page has ended with; 0 at the beginning.
    pub(super) after: u64,
    pub(super) limit: u64,
}

impl Page {
    /// Reads `cursor` and `limit` of a query.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub(super) fn read(query: &Form) -> Result<Self, Error> {
        let (shard, after) = match query.field("cursor")? {
            None => (0, 0),
            Some(cursor) => read_cursor(cursor).ok_or(Error::Parameter("cursor"))?,
        };
        let limit = match query.field("limit")? {
            None => LIMIT,
            Some(limit) => {
                limit.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or(Error::Parameter("limit"))?
            }
        };
        Ok(Self { shard, after, limit })
    }

    /// Adds where the list goes on: behind this number, or in the next shard, if there is one.
    pub(super) fn with_next(&self, page: JsonObject, next: Option<u64>, shards: u8) -> JsonObject {
        let next = next.map(|next| (self.shard, next));
        match next.or_else(|| (self.shard + 1 < shards).then_some((self.shard + 1, 0))) {
            Some((shard, after)) => page.text("next", &format!("{shard}-{after}")),
            None => page,
        }
    }
}

fn read_cursor(cursor: &str) -> Option<(u8, u64)> {
    let (shard, after) = cursor.split_once('-')?;
    // 255 is no shard's number, and JavaScript counts no further.
    let shard = shard.parse().ok().filter(|shard| *shard < u8::MAX)?;
    Some((shard, after.parse().ok().filter(|after| *after <= MAX_NUMBER)?))
}

/// What an administrator wants to see of what is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing<'q> {
    /// Whatever is kept under this id.
    Id(RevocationId),
    /// Whatever is kept of this target of an issuer's.
    Target(&'q str, Target<'q>),
    /// A page of all.
    Rows(Rows<'q>),
}

/// A page of what is in force, and which of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows<'q> {
    /// Where in the ledger.
    pub page: Page,
    /// The last digits that ids are to have, `-` for any.
    kinds: &'static str,
    /// A reason's name, `-` for any.
    reason: &'q str,
    since: Timestamp,
    until: Timestamp,
}

impl<'q> Listing<'q> {
    /// Reads a query.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn read(query: &'q Form) -> Result<Self, Error> {
        if let Some(id) = query.field("id")? {
            query.only(&["id"])?;
            return id.parse().map(Self::Id).map_err(|InvalidId| Error::Parameter("id"));
        }
        if let Some(issuer) = query.field("iss")? {
            return target(query).map(|target| Self::Target(issuer, target));
        }
        query.only(&["cursor", "limit", "kind", "reason", "since", "until"])?;
        let kinds = match query.field("kind")? {
            None => "-",
            Some(kind) => {
                let known = KINDS.iter().find(|(name, _)| *name == kind);
                known.map(|(_, digits)| *digits).ok_or(Error::Parameter("kind"))?
            }
        };
        let reason = match query.field("reason")? {
            None => "-",
            Some(name) if reason(name).is_some() => name,
            Some(_) => return Err(Error::Parameter("reason")),
        };
        Ok(Self::Rows(Rows {
            page: Page::read(query)?,
            kinds,
            reason,
            since: whole(query, "since")?.unwrap_or(Timestamp::from_millis(0)),
            until: whole(query, "until")?.unwrap_or(Timestamp::from_millis(u64::MAX)),
        }))
    }
}

fn target(query: &Form) -> Result<Target<'_>, Error> {
    query.only(&["iss", "jti", "sid", "sub", "client_id", "kid", "claim", "value", "everything"])?;
    let mut targets = Vec::new();
    targets.extend(query.field("jti")?.map(Target::TokenId));
    targets.extend(query.field("sid")?.map(Target::Session));
    targets.extend(query.field("sub")?.map(Target::Subject));
    targets.extend(query.field("client_id")?.map(Target::Client));
    targets.extend(query.field("kid")?.map(Target::Key));
    match (query.field("claim")?, query.field("value")?) {
        (Some(name), Some(value)) => targets.push(Target::Claim { name, value }),
        (None, None) => {}
        _ => return Err(Error::Parameter("value")),
    }
    match query.field("everything")? {
        Some("true") => targets.push(Target::Everything),
        Some(_) => return Err(Error::Parameter("everything")),
        None => {}
    }
    match targets[..] {
        [target] => Ok(target),
        _ => Err(Error::Parameter("iss")),
    }
}

/// A time in seconds since the epoch.
pub(super) fn whole(query: &Form, name: &'static str) -> Result<Option<Timestamp>, Error> {
    let Some(text) = query.field(name)? else { return Ok(None) };
    let (secs, millis) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (secs, millis) = match is_digits(secs) && is_digits(millis) && millis.len() <= 3 {
        true => (secs.parse::<u64>().ok(), format!("{millis:0<3}").parse::<u64>().ok()),
        false => (None, None),
    };
    let time = secs.filter(|secs| *secs <= Timestamp::MAX_SECS).zip(millis);
    time.map(|(secs, millis)| Some(Timestamp::from_millis(secs * 1000 + millis))).ok_or(Error::Parameter(name))
}

impl Rows<'_> {
    /// What the shard is asked.
    pub fn body(&self, now: Timestamp) -> String {
        format!("{} {} {} {} {}", self.page.after, self.page.limit, now.as_millis(), self.kinds, self.reason)
    }

    /// The answer to a page that a shard has told: where it goes on, or `-`, then `KEY ENTRY` on each line. `shards` is how many there
    /// are.
    ///
    /// # Errors
    /// [`Error::StoreUnavailable`] when it is none.
    pub fn answer(&self, told: &str, shards: u8) -> Result<Answer, Error> {
        let unreadable = || Error::StoreUnavailable(format!("no page of revocations: {told}"));
        let (next, lines) = told.split_once('\n').ok_or_else(unreadable)?;
        let next = match next {
            "-" => None,
            next => Some(next.parse().map_err(|_| unreadable())?),
        };
        let (mut revocations, problem) = from_lines(lines);
        if let Some(problem) = problem {
            return Err(Error::StoreUnavailable(problem));
        }
        revocations.retain(|row| self.since <= row.revoked_at && row.revoked_at < self.until);
        Ok(Answer::new(200, self.page.with_next(page(&revocations), next, shards).end()))
    }
}

/// The answer to who has asked for single entries.
pub fn listed(revocations: &[quash_core::Revocation]) -> Answer {
    Answer::new(200, page(revocations).end())
}

fn page(revocations: &[quash_core::Revocation]) -> JsonObject {
    let items = revocations.iter().map(|revocation| described(JsonObject::new(), revocation).end());
    JsonObject::new().json("revocations", &json_array(items))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn rows(query: &str) -> Result<String, &'static str> {
        match Listing::read(&Form::parse(query.as_bytes())) {
            Ok(Listing::Rows(rows)) => Ok(rows.body(NOW)),
            Ok(_) => Ok("entries".into()),
            Err(Error::Parameter(name)) => Err(name),
            Err(error) => Err(error.code()),
        }
    }

    #[test]
    fn a_page_is_asked_for() {
        assert_eq!(rows("").as_deref(), Ok("0 100 1800000000000 - -"));
        let query = "kind=token&reason=client&limit=7&cursor=3-12";
        assert_eq!(rows(query).as_deref(), Ok("12 7 1800000000000 12 client"));
        for (query, wrong) in [
            ("kind=x", "kind"),
            ("reason=x", "reason"),
            ("limit=0", "limit"),
            ("limit=1001", "limit"),
            ("cursor=3", "cursor"),
            ("cursor=255-0", "cursor"),
            ("cursor=0-9007199254740992", "cursor"),
            ("since=x", "since"),
            ("since=1.2345", "since"),
            ("until=-1", "until"),
            ("until=253402300800", "until"),
            ("limit=1&limit=1", "limit"),
            ("sub=s", "an unknown or empty one"),
        ] {
            assert_eq!(rows(query), Err(wrong), "{query}");
        }
    }

    #[test]
    fn an_entry_is_asked_for_by_what_it_names() {
        for (query, listing) in [
            ("id=07070707070707070707070707070704", Listing::Id("07070707070707070707070707070704".parse().unwrap())),
            ("iss=a&sub=s+t", Listing::Target("a", Target::Subject("s t"))),
            ("iss=a&claim=tenant&value=t", Listing::Target("a", Target::Claim { name: "tenant", value: "t" })),
            ("iss=a&everything=true", Listing::Target("a", Target::Everything)),
        ] {
            assert_eq!(Listing::read(&Form::parse(query.as_bytes())).unwrap(), listing);
        }
        for (query, wrong) in [
            ("id=7", "id"),
            ("iss=a", "iss"),
            ("iss=a&sub=s&sid=d", "iss"),
            ("iss=a&claim=c", "value"),
            ("iss=a&everything=1", "everything"),
            ("iss=a&sub=s&limit=1", "an unknown or empty one"),
            ("id=07070707070707070707070707070704&iss=a", "an unknown or empty one"),
        ] {
            assert_eq!(rows(query), Err(wrong), "{query}");
        }
    }

    #[test]
    fn a_page_that_was_told_leads_to_the_next() {
        let key = "r1/07070707070707070707070707070704";
        let told = format!("9\n{key} 1 always - 1800000900000 1799999999500 client\n");
        let answer = |query: &str, told: &str, shards| {
            let query = Form::parse(query.as_bytes());
            let Ok(Listing::Rows(rows)) = Listing::read(&query) else { panic!("no page") };
            rows.answer(told, shards).map(|answer| answer.body).map_err(|error| error.code())
        };
        let row = concat!(
            r#"{"id":"07070707070707070707070707070704","kind":"subject","covers":[{}],"#,
            r#""revoked_at":1799999999.500,"expires_at":1800000900,"reason":"client"}"#
        );
        assert_eq!(answer("", &told, 1), Ok(format!(r#"{{"revocations":[{row}],"next":"0-9"}}"#)));
        assert_eq!(answer("since=1799999999.5", &told, 1), Ok(format!(r#"{{"revocations":[{row}],"next":"0-9"}}"#)));
        assert_eq!(answer("since=1799999999.501", &told, 1), Ok(r#"{"revocations":[],"next":"0-9"}"#.into()));
        assert_eq!(answer("until=1799999999.5", &told, 1), Ok(r#"{"revocations":[],"next":"0-9"}"#.into()));
        assert_eq!(answer("", "-\n", 2), Ok(r#"{"revocations":[],"next":"1-0"}"#.into()));
        assert_eq!(answer("cursor=1-0", "-\n", 2), Ok(r#"{"revocations":[]}"#.into()));
        for wrong in ["", "x\n", "-\nr1/x 1\n"] {
            assert_eq!(answer("", wrong, 1), Err("store_unavailable"), "{wrong}");
        }
    }
}
