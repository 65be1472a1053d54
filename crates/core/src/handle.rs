//! Revocation handles: what a browser may keep until it is online again, since it must not keep the token.
//!
//! A handle names ids to revoke and until when, under a MAC. Whoever holds it can revoke just that, as often as they like, and
//! do nothing else: it is no token, and says nothing of one to anybody without the pepper.
//!
//! ```text
//! base64url( 01 | n | n × ( id: 16 bytes | expires at: 8 bytes, milliseconds since the epoch, big-endian ) | tag: 16 bytes )
//! tag = the first 16 bytes of HMAC-SHA256( pepper, "quash/handle/v1" 00 | everything before the tag )
//! ```

use alloc::{string::String, vec::Vec};
use core::cmp::Reverse;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::{Cover, Cutoff, Peppers, Reason, Revocation, RevocationId, Target, Timestamp, VerifiedToken};

/// Ends the domain, as the target's encoding has its own: no tag is ever an id.
const DOMAIN: &[u8] = b"quash/handle/v1\0";

const VERSION: u8 = 1;
const ITEM: usize = 16 + 8;
const TAG: usize = 16;

/// The most ids in a handle: four tokens and their sessions.
const MAX_ITEMS: usize = 8;

/// The longest handle, in characters: (2 + 8 × 24 + 16) bytes as base64url, 4 letters for each 3 bytes begun.
const MAX_TEXT: usize = (2 + MAX_ITEMS * ITEM + TAG).div_ceil(3) * 4;

/// A capability to revoke a token, or its session as well, and nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationHandle {
    /// Each id, and until when its revocation must be kept.
    items: Vec<(RevocationId, Timestamp)>,
}

/// A text that is no handle, or none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a revocation handle of this deployment")]
pub struct InvalidHandle;

impl RevocationHandle {
    /// A handle for a token; `None` when the token is dead already.
    pub fn of_token(token: &VerifiedToken, now: Timestamp) -> Option<Self> {
        let expires_at = token.retention().of_token(token.claims().expires_at(), now)?;
        Some(Self { items: [(token.id(&token.target()), expires_at)].into() })
    }

    /// A handle for a token and, if it has a `sid`, for its session; `None` when the token is dead already.
    ///
    /// The session's revocation is kept until the last token dies that could be issued while this one lives.
    pub fn of_session(token: &VerifiedToken, now: Timestamp) -> Option<Self> {
        let mut handle = Self::of_token(token, now)?;
        if let (Some(session), Some(dead_at)) = (token.claims().session(), token.claims().expires_at()) {
            let id = token.id(&Target::Session(session));
            handle.items.push((id, token.retention().of_cutoff(token.retention().cutoff(dead_at))));
        }
        Some(handle)
    }

    /// All that these revoke, each id once, in as few handles as can name it: in one, up to four tokens and their sessions.
    pub fn packed(handles: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut items: Vec<_> = handles.into_iter().flat_map(|handle| handle.items).collect();
        // Of one id the longest kept is first, and so the one that stays: two tokens of a session end at different times.
        items.sort_unstable_by_key(|&(id, expires_at)| (id, Reverse(expires_at)));
        items.dedup_by_key(|&mut (id, _)| id);
        items.chunks(MAX_ITEMS).map(|items| Self { items: items.into() }).collect()
    }

    /// When nothing is left to revoke.
    pub fn expires_at(&self) -> Timestamp {
        // A handle of nothing never had anything.
        self.items.iter().map(|&(_, expires_at)| expires_at).max().unwrap_or(Timestamp::from_millis(0))
    }

    /// The handle as text, sealed with the current pepper.
    pub fn seal(&self, peppers: &Peppers) -> String {
        let mut bytes = Vec::from([VERSION, self.items.len() as u8]);
        for (id, expires_at) in &self.items {
            bytes.extend(id.as_bytes());
            bytes.extend(expires_at.as_millis().to_be_bytes());
        }
        let tag = peppers.current().sign(DOMAIN, &bytes);
        bytes.extend(&tag[..TAG]);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Opens a handle that was sealed with any of the peppers.
    ///
    /// # Errors
    /// [`InvalidHandle`] says no more than that: how a forgery differs is nobody's business.
    pub fn open(text: &str, peppers: &Peppers) -> Result<Self, InvalidHandle> {
        if text.len() > MAX_TEXT {
            return Err(InvalidHandle);
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidHandle)?;
        let (body, tag) = bytes.split_last_chunk::<TAG>().ok_or(InvalidHandle)?;
        if !peppers.iter().any(|pepper| pepper.sign(DOMAIN, body)[..TAG].ct_eq(tag).into()) {
            return Err(InvalidHandle);
        }
        // Only what `seal` writes carries a tag, so what follows fails for a handle of another version and nothing else.
        let (&[VERSION, count], items) = body.split_first_chunk::<2>().ok_or(InvalidHandle)? else {
            return Err(InvalidHandle);
        };
        let (items, rest) = items.as_chunks::<ITEM>();
        if items.len() != usize::from(count) || !rest.is_empty() {
            return Err(InvalidHandle);
        }
        let item = |item: &[u8; ITEM]| {
            let (id, expires_at) = item.split_first_chunk::<16>()?;
            let expires_at = u64::from_be_bytes(expires_at.try_into().ok()?);
            Some((RevocationId::from_bytes(*id), Timestamp::from_millis(expires_at)))
        };
        let items = items.iter().map(item).collect::<Option<_>>().ok_or(InvalidHandle)?;
        Ok(Self { items })
    }

    /// What to revoke: nothing, once all of it is dead.
    pub fn revocations(&self, now: Timestamp) -> impl Iterator<Item = Revocation> {
        let live = self.items.iter().filter(move |(_, expires_at)| *expires_at > now);
        live.map(move |&(id, expires_at)| Revocation {
            id,
            cover: Cover::everyone(Cutoff::Always),
            expires_at,
            revoked_at: now,
            reason: Reason::Logout,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{format, vec, vec::Vec};

    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        Rule, Verdict,
        fixtures::{HEADER, NOW, issuers, payload, peppers, sign, verify},
    };

    fn handle() -> RevocationHandle {
        let items = vec![
            (RevocationId::from_bytes([0xab; 16]), Timestamp::from_millis(1_763_940_060_000)),
            (RevocationId::from_bytes([0xcd; 16]), Timestamp::from_millis(1_763_940_960_123)),
        ];
        RevocationHandle { items }
    }

    /// Changing this turns handles that browsers keep into waste. The tag was made with Python's `hmac`.
    #[test]
    fn the_text_is_pinned() {
        assert_eq!(
            handle().seal(&peppers(&[7])),
            "AQKrq6urq6urq6urq6urq6urAAABmrMFS2DNzc3Nzc3Nzc3Nzc3Nzc3NAAABmrMTB3teGj3RBfrY2a80Fakkxnvr"
        );
    }

    #[test]
    fn opens_what_any_pepper_sealed() {
        for (sealing, opening) in [(&[1][..], &[1][..]), (&[1], &[2, 1]), (&[2, 1], &[3, 2])] {
            let text = handle().seal(&peppers(sealing));
            assert_eq!(RevocationHandle::open(&text, &peppers(opening)), Ok(handle()));
        }
        assert_eq!(RevocationHandle::open(&handle().seal(&peppers(&[1])), &peppers(&[2])), Err(InvalidHandle));
    }

    #[test]
    fn a_handle_may_name_eight() {
        let items = (1..=8).map(|byte| (RevocationId::from_bytes([byte; 16]), NOW)).collect();
        let handle = RevocationHandle { items };
        let text = handle.seal(&peppers(&[1]));
        assert_eq!((text.len(), MAX_TEXT), (280, 280));
        assert_eq!(RevocationHandle::open(&text, &peppers(&[1])), Ok(handle));
    }

    #[test]
    fn a_right_tag_is_not_all_that_it_takes() {
        let peppers = peppers(&[1]);
        let sealed = |body: &[u8]| {
            let tag = peppers.current().sign(DOMAIN, body);
            RevocationHandle::open(&BASE64_URL_SAFE_NO_PAD.encode([body, &tag[..TAG]].concat()), &peppers)
        };
        assert!(sealed(&[&[1, 1], &[0; ITEM][..]].concat()).is_ok());
        for body in [vec![], vec![1], [&[2, 1], &[0; ITEM][..]].concat(), [&[1, 2], &[0; ITEM][..]].concat()] {
            assert_eq!(sealed(&body), Err(InvalidHandle), "{body:?}");
        }
        assert_eq!(sealed(&[&[1, 1], &[0; ITEM + 1][..]].concat()), Err(InvalidHandle));
        assert_eq!(sealed(&[&[1, 9], &[0; 9 * ITEM][..]].concat()), Err(InvalidHandle));
    }

    #[test]
    fn revokes_what_its_token_covered_and_nothing_else() {
        let issuers = issuers();
        let token = |rest: &str| verify(&issuers, &sign(HEADER, &payload(rest))).unwrap();
        let rule = |handle: &RevocationHandle, rest: &str| {
            let entries: Vec<_> = handle.revocations(NOW).collect();
            match token(rest).validate(NOW).unwrap().ids().verdict(&entries) {
                Verdict::Revoked { rule, .. } => Some(rule),
                Verdict::NotRevoked { .. } => None,
            }
        };
        let (mine, sibling) = (r#","sid":"s","jti":"1""#, r#","sid":"s","jti":"2""#);
        let of_token = RevocationHandle::of_token(&token(mine), NOW).unwrap();
        assert_eq!((rule(&of_token, mine), rule(&of_token, sibling)), (Some(Rule::Token), None));
        let of_session = RevocationHandle::of_session(&token(mine), NOW).unwrap();
        assert_eq!((rule(&of_session, mine), rule(&of_session, sibling)), (Some(Rule::Token), Some(Rule::Session)));
        assert_eq!(rule(&of_session, r#","sid":"t","jti":"3""#), None);
        // Without a session there is only the token.
        assert_eq!(RevocationHandle::of_session(&token(""), NOW).unwrap().items.len(), 1);
    }

    #[test]
    fn several_tokens_are_packed_into_as_few_as_can_name_them() {
        let issuers = issuers();
        let of_session = |jti: usize, sid: usize, exp: u64| {
            let payload = format!(r#"{{"iss":"a","iat":999900,"exp":{exp},"sid":"{sid}","jti":"{jti}"}}"#);
            RevocationHandle::of_session(&verify(&issuers, &sign(HEADER, &payload)).unwrap(), NOW).unwrap()
        };
        let items = |handles: &[RevocationHandle]| handles.iter().map(|handle| handle.items.len()).collect::<Vec<_>>();
        let packed = |count| RevocationHandle::packed((0..count).map(|n| of_session(n, n, 1_000_100)));
        assert!(packed(0).is_empty());
        assert_eq!(items(&packed(4)), [8]);
        assert_eq!(items(&packed(5)), [8, 2]);
        // Nothing is lost, whichever handle names it.
        let revoked = |handles: &[RevocationHandle]| {
            let mut revoked: Vec<_> =
                handles.iter().flat_map(|handle| handle.revocations(NOW)).map(|r| (r.id, r.expires_at)).collect();
            revoked.sort();
            revoked
        };
        let each: Vec<_> = (0..5).map(|n| of_session(n, n, 1_000_100)).collect();
        assert_eq!(revoked(&packed(5)), revoked(&each));
        // A session of two tokens is named once, and kept as long as the later one needs, in whatever order they come.
        let (early, late) = (of_session(1, 1, 1_000_100), of_session(2, 1, 1_000_200));
        for pair in [[&early, &late], [&late, &early]] {
            let both = RevocationHandle::packed(pair.map(Clone::clone));
            assert_eq!(items(&both), [3]);
            assert_eq!(both[0].expires_at(), late.expires_at());
        }
        assert!(late.expires_at() > early.expires_at());
    }

    #[test]
    fn of_the_dead_there_is_nothing_to_revoke() {
        let issuers = issuers();
        let token = verify(&issuers, &sign(HEADER, &payload(r#","sid":"s""#))).unwrap();
        // exp + leeway + margin; the session's last token: exp + leeway + 900 + leeway + margin.
        let (dead, all_dead) = (Timestamp::from_secs(1_000_165), Timestamp::from_secs(1_001_070));
        assert_eq!(RevocationHandle::of_token(&token, dead), None);
        let handle = RevocationHandle::of_session(&token, NOW).unwrap();
        let live = |now: Timestamp| handle.revocations(now).count();
        let before = |time: Timestamp| Timestamp::from_millis(time.as_millis() - 1);
        assert_eq!([live(before(dead)), live(dead), live(before(all_dead)), live(all_dead)], [2, 1, 1, 0]);
        assert_eq!(handle.expires_at(), all_dead);
    }

    proptest! {
        /// No change of a single letter, and no shortening, leaves a handle.
        #[test]
        fn a_changed_handle_is_none(at in any::<prop::sample::Index>(), letter in "[A-Za-z0-9_-]") {
            let peppers = peppers(&[1]);
            let text = handle().seal(&peppers);
            let at = at.index(text.len());
            let mut changed = text.clone();
            changed.replace_range(at..=at, &letter);
            prop_assert_eq!(RevocationHandle::open(&changed, &peppers).is_ok(), changed == text);
            prop_assert_eq!(RevocationHandle::open(&text[..at], &peppers), Err(InvalidHandle));
        }
    }
}
