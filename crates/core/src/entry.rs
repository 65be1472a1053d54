//! A denylist entry's one stored form: a line of text, because an operator reads it at three in the morning.
//!
//! ```text
//! 1 always - 1763940060000 1763936400123 logout
//! │ │      │ │             │             └ reason
//! │ │      │ │             └ revoked at, milliseconds since the epoch
//! │ │      │ └ expires at, milliseconds since the epoch
//! │ │      └ later cutoff of all but one session, as `cutoff:session id`; `-` for none
//! │ └ cutoff for everyone: `always`, `nothing`, or `iat` in milliseconds since the epoch
//! └ version
//! ```
//!
//! One that has been lifted has how often that was after the version, which is 2: `2 1 nothing - …`, or, where something was revoked
//! since, `2 1 always - …`.
//!
//! The id is not in it: it is the key. Nothing in it can be traced to a user without the pepper.

use alloc::{format, string::String};

use thiserror::Error;

use crate::{Cover, Cutoff, Reason, Revocation, RevocationId, Timestamp};

/// A stored text that is no entry of a known version. What it revoked is unknown, so it must be taken for an outage of the
/// store and never for "not revoked".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a stored entry cannot be read")]
pub struct InvalidEntry;

impl Revocation {
    /// The stored form.
    pub fn to_entry(&self) -> String {
        let others = match self.cover.others() {
            None => "-".into(),
            Some((cutoff, keep)) => format!("{}:{keep}", cutoff_text(cutoff)),
        };
        let version = match self.cover.lifts() {
            0 => "1".into(),
            lifts => format!("2 {lifts}"),
        };
        format!(
            "{version} {} {others} {} {} {}",
            cutoff_text(self.cover.cutoff()),
            self.expires_at.as_millis(),
            self.revoked_at.as_millis(),
            self.reason.name()
        )
    }

    /// Reads the stored form found under `id`.
    ///
    /// # Errors
    /// [`InvalidEntry`] when it is anything that [`to_entry`](Self::to_entry) does not write, here or, as for the reason, in a
    /// later version.
    pub fn from_entry(id: RevocationId, entry: &str) -> Result<Self, InvalidEntry> {
        let mut fields = entry.split(' ');
        let mut field = || fields.next().ok_or(InvalidEntry);
        let lifts = match field()? {
            "1" => 0,
            "2" => field()?.parse().map_err(|_| InvalidEntry)?,
            _ => return Err(InvalidEntry),
        };
        let everyone = parse_cutoff(field()?)?;
        let others = match field()? {
            "-" => None,
            text => {
                let (cutoff, keep) = text.split_once(':').ok_or(InvalidEntry)?;
                Some((parse_cutoff(cutoff)?, keep.parse().map_err(|_| InvalidEntry)?))
            }
        };
        let revocation = Self {
            id,
            cover: Cover::normal(everyone, others, lifts),
            expires_at: parse_time(field()?)?,
            revoked_at: parse_time(field()?)?,
            reason: Reason::from_name(field()?).ok_or(InvalidEntry)?,
        };
        // What is revoked until when has one spelling. A reason has others, in later versions.
        let spelling = |entry: &str| entry.rsplit_once(' ').map(|(all_but_reason, _)| String::from(all_but_reason));
        (spelling(&revocation.to_entry()) == spelling(entry)).then_some(revocation).ok_or(InvalidEntry)
    }
}

impl Reason {
    /// Every reason there is.
    pub const ALL: [Self; 8] = [
        Self::Logout,
        Self::Client,
        Self::Issuer,
        Self::CredentialChange,
        Self::AccountDisabled,
        Self::Administrator,
        Self::Reuse,
        Self::Other,
    ];

    /// The reason as it is stored and answered.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Client => "client",
            Self::Issuer => "issuer",
            Self::CredentialChange => "credential_change",
            Self::AccountDisabled => "account_disabled",
            Self::Administrator => "administrator",
            Self::Reuse => "reuse",
            Self::Other => "other",
        }
    }

    /// The reason of this name. While versions change, an edge reads reasons that it does not know yet: they decide nothing,
    /// so the entry must count all the same.
    fn from_name(name: &str) -> Option<Self> {
        let known = Self::ALL.into_iter().find(|reason| reason.name() == name);
        let named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        known.or(named.then_some(Self::Other))
    }
}

fn cutoff_text(cutoff: Cutoff) -> String {
    match cutoff {
        Cutoff::Nothing => "nothing".into(),
        Cutoff::IssuedUntil(time) => format!("{}", time.as_millis()),
        Cutoff::Always => "always".into(),
    }
}

fn parse_cutoff(text: &str) -> Result<Cutoff, InvalidEntry> {
    match text {
        "nothing" => Ok(Cutoff::Nothing),
        "always" => Ok(Cutoff::Always),
        time => parse_time(time).map(Cutoff::IssuedUntil),
    }
}

fn parse_time(text: &str) -> Result<Timestamp, InvalidEntry> {
    text.parse().map(Timestamp::from_millis).map_err(|_| InvalidEntry)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::revocation::tests::revocation;

    const ID: RevocationId = RevocationId::from_bytes([9; 16]);

    /// Changing one of these needs a migration of every denylist there is.
    #[test]
    fn the_stored_form_is_pinned() {
        let entry = |cover| {
            Revocation {
                id: ID,
                cover,
                expires_at: Timestamp::from_secs(1_763_940_060),
                revoked_at: Timestamp::from_millis(1_763_936_400_123),
                reason: Reason::Logout,
            }
            .to_entry()
        };
        let cutoff = Cutoff::IssuedUntil(Timestamp::from_millis(1_763_936_400_123));
        assert_eq!(entry(Cover::everyone(Cutoff::Always)), "1 always - 1763940060000 1763936400123 logout");
        assert_eq!(entry(Cover::everyone(cutoff)), "1 1763936400123 - 1763940060000 1763936400123 logout");
        assert_eq!(
            entry(Cover::all_but(RevocationId::from_bytes([0xab; 16]), cutoff)),
            "1 nothing 1763936400123:abababababababababababababababab 1763940060000 1763936400123 logout"
        );
        let lifted = Cover::everyone(Cutoff::Always).lifted().unwrap();
        assert_eq!(entry(lifted), "2 1 nothing - 1763940060000 1763936400123 logout");
        let anew = Cover::everyone(Cutoff::Always).anew(&lifted);
        assert_eq!(entry(anew), "2 1 always - 1763940060000 1763936400123 logout");
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        for entry in [
            "",
            "2 always - 1 1 logout",
            "2 0 always - 1 1 logout",
            "2 01 always - 1 1 logout",
            "2 256 always - 1 1 logout",
            "3 always - 1 1 logout",
            "1 always - 1 1 Whim",
            "1 always - 1 1",
            "1 always - 1 1 logout ",
            "1 always 5 1 1 logout",
            "1 never - 1 1 logout",
            "1 always - x 1 logout",
            "1 always - +1 1 logout",
            "1 always - 01 1 logout",
            "1 always 5:abababababababababababababababab 1 1 logout",
            "1 9 5:abababababababababababababababab 1 1 logout",
            "1 9 50:ABABABABABABABABABABABABABABABAB 1 1 logout",
            "1 always - 1 1 logout logout",
        ] {
            assert_eq!(Revocation::from_entry(ID, entry), Err(InvalidEntry), "{entry:?}");
        }
    }

    #[test]
    fn a_reason_of_a_later_version_still_revokes() {
        let entry = Revocation::from_entry(ID, "1 always - 1 1 password_changed").unwrap();
        assert_eq!((entry.reason, entry.cover), (Reason::Other, Cover::everyone(Cutoff::Always)));
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(revocation in revocation()) {
            prop_assert_eq!(Revocation::from_entry(ID, &revocation.to_entry()), Ok(revocation));
        }
    }
}
