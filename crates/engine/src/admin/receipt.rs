use std::time::Duration;

use quash_core::{Cutoff, Revocation, Timestamp};

use super::Problem;
use crate::{
    answer::Answer,
    json_object::{JsonObject, json_array},
    policy::Mode,
};

/// What came of a demand.
#[derive(Debug)]
pub enum Receipt {
    /// It is revoked.
    Revoked(Revocation),
    /// It was dead already, and needs no entry.
    Expired,
    /// It could not be done.
    Refused(Problem),
}

impl Receipt {
    /// As a JSON object. `line` is that of many that it is about, `effective_by` from when on what is revoked is refused everywhere in
    /// this mode.
    fn object(&self, line: Option<usize>, mode: Mode, effective_by: Option<Timestamp>) -> String {
        let object = JsonObject::new();
        let object = match line {
            Some(line) => object.number("line", line as u64),
            None => object,
        };
        match self {
            Self::Revoked(revocation) => {
                let told = described(object.text("outcome", "revoked"), revocation).text("mode", mode.name());
                match effective_by {
                    Some(effective_by) => told.json("effective_by", &date(effective_by)),
                    None => told,
                }
                .end()
            }
            Self::Expired => object.text("outcome", "expired").end(),
            Self::Refused(error) => {
                object.text("outcome", "refused").text("code", error.code()).text("detail", &error.told()).end()
            }
        }
    }
}

/// The answer's body: one object, or one on each line. `bound` is how long after now a revocation may be unknown somewhere, where
/// anybody can say.
pub fn receipts(receipts: &[(Option<usize>, Receipt)], mode: Mode, bound: Option<Duration>, now: Timestamp) -> String {
    let effective_by = bound.map(|bound| now.plus(bound));
    let objects = receipts.iter().map(|(line, receipt)| match line {
        Some(_) => receipt.object(*line, mode, effective_by) + "\n",
        None => receipt.object(None, mode, effective_by),
    });
    objects.collect()
}

impl Answer {
    /// The answer with the receipts in this body.
    pub fn of_receipts(body: String, is_ndjson: bool) -> Self {
        let mut answer = Self::new(200, body);
        if is_ndjson && let Some((_, value)) = answer.headers.iter_mut().find(|(name, _)| *name == "Content-Type") {
            *value = super::Demand::LINES.into();
        }
        answer
    }
}

/// The answer to who has had something lifted.
pub fn lifted(lifted: &Revocation, mode: Mode, bound: Option<Duration>, now: Timestamp) -> Answer {
    let Revocation { id, revoked_at, .. } = lifted;
    let object = JsonObject::new().text("outcome", "lifted").text("id", &id.to_string()).text("kind", kind(id.kind()));
    let object = object.json("lifted_at", &date(*revoked_at)).text("mode", mode.name());
    Answer::new(
        200,
        match bound {
            Some(bound) => object.json("effective_by", &date(now.plus(bound))).end(),
            None => object.end(),
        },
    )
}

/// What an entry says, after what is said of it.
pub(super) fn described(object: JsonObject, revocation: &Revocation) -> JsonObject {
    let Revocation { id, cover, expires_at, revoked_at, reason } = revocation;
    let object = object.text("id", &id.to_string()).text("kind", kind(id.kind()));
    let everyone = (cover.cutoff() != Cutoff::Nothing).then(|| part(cover.cutoff()).end());
    let others = cover.others().map(|(cutoff, keep)| part(cutoff).text("keep", &keep.to_string()).end());
    object
        .json("covers", &json_array(everyone.into_iter().chain(others)))
        .json("revoked_at", &date(*revoked_at))
        .json("expires_at", &date(*expires_at))
        .text("reason", reason.name())
}

fn part(cutoff: Cutoff) -> JsonObject {
    match cutoff {
        Cutoff::IssuedUntil(until) => JsonObject::new().json("issued_until", &date(until)),
        _ => JsonObject::new(),
    }
}

/// The kinds of targets: the last digit of an id.
pub(super) const KINDS: [(&str, &str); 7] = [
    ("token", "12"),
    ("session", "3"),
    ("subject", "4"),
    ("client", "5"),
    ("key", "6"),
    ("claim", "7"),
    ("issuer", "8"),
];

fn kind(number: u8) -> &'static str {
    let digit = char::from_digit(number.into(), 16).unwrap_or_default();
    KINDS.iter().find(|(_, digits)| digits.contains(digit)).map_or("other", |(name, _)| name)
}

/// A `NumericDate` (RFC 7519 section 2), as exact as we have it.
pub(super) fn date(time: Timestamp) -> String {
    let millis = time.as_millis();
    let (secs, rest) = (millis / 1000, millis % 1000);
    if rest == 0 { secs.to_string() } else { format!("{secs}.{rest:03}") }
}

#[cfg(test)]
mod tests {
    use quash_core::{Cover, Reason, RevocationId};

    use super::*;

    #[test]
    fn a_receipt_says_what_is_kept_and_since_when_it_counts() {
        let id = RevocationId::from_bytes([0x14; 16]);
        let until = |secs| Cutoff::IssuedUntil(Timestamp::from_secs(secs));
        let revocation = Revocation {
            id,
            cover: Cover::everyone(until(9)).union(Cover::all_but(id, Cutoff::Always)),
            expires_at: Timestamp::from_millis(20_010),
            revoked_at: Timestamp::from_secs(10),
            reason: Reason::Administrator,
        };
        let all = [
            (Some(1), Receipt::Revoked(revocation)),
            (Some(2), Receipt::Expired),
            (Some(4), Receipt::Refused(Problem::Member("sub".into()))),
        ];
        let expected = concat!(
            r#"{"line":1,"outcome":"revoked","id":"14141414141414141414141414141414","kind":"subject","#,
            r#""covers":[{"issued_until":9},{"keep":"14141414141414141414141414141414"}],"revoked_at":10,"expires_at":20.010,"#,
            r#""reason":"administrator","mode":"bounded","effective_by":16}"#,
            "\n",
            r#"{"line":2,"outcome":"expired"}"#,
            "\n",
            r#"{"line":4,"outcome":"refused","code":"member_invalid","#,
            r#""detail":"the member `sub` is missing, unknown, of another kind, or has no place here"}"#,
            "\n",
        );
        let told = receipts(&all, Mode::Bounded, Some(Duration::from_secs(5)), Timestamp::from_secs(11));
        assert_eq!(told, expected);
        assert_eq!(
            receipts(&[(None, Receipt::Expired)], Mode::Eventual, None, Timestamp::from_secs(1)),
            r#"{"outcome":"expired"}"#
        );
    }

    #[test]
    fn every_kind_has_a_name() {
        let names: Vec<_> = (0..10).map(kind).collect();
        let expected = ["other", "token", "token", "session", "subject", "client", "key", "claim", "issuer", "other"];
        assert_eq!(names, expected);
    }
}
