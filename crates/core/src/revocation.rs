use core::cmp::Ordering;

use crate::{RevocationId, Timestamp};

/// One entry of the denylist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// What is revoked.
    pub id: RevocationId,
    /// Which of the tokens with that id.
    pub cover: Cover,
    /// Until when the entry must be kept: no token that it covers is accepted later. See [`Retention`](crate::Retention).
    pub expires_at: Timestamp,
    /// Since when the id has been revoked, or is not any more.
    pub revoked_at: Timestamp,
    /// Why.
    pub reason: Reason,
}

/// How far back a revocation reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cutoff {
    /// Covers no token.
    Nothing,
    /// Covers tokens with `iat` up to and including this time; a token without `iat` counts as issued in 1970.
    IssuedUntil(Timestamp),
    /// Covers every token, whenever it was issued.
    Always,
}

/// Which tokens a revocation covers: those of everyone issued until one cutoff, and those outside one session issued until a
/// later one ("log out my other devices").
///
/// Two cutoffs, because one would not do: if "everything until 10" met "all but session S until 20" in a single cutoff with a
/// kept session, the tokens that S had before 10 would come back to life. With two, the union of any two covers is again a
/// cover, exactly.
///
/// And how often what was revoked has been lifted again, because it had been a mistake. What was lifted more often is what counts:
/// a copy of what was revoked before may come at any time, from anywhere, and brings nothing back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cover {
    everyone: Cutoff,
    /// The cutoff of all but the kept session. Always later than `everyone`, so that equal covers are equal values.
    others: Option<(Cutoff, RevocationId)>,
    lifts: u8,
}

/// Why something was revoked. The smaller one wins where two revocations of the same instant merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// The user logged out.
    Logout,
    /// An authenticated client asked for it (RFC 7009).
    Client,
    /// The issuer ended the session (OpenID Connect Back-Channel Logout).
    Issuer,
    /// The issuer said that a credential has changed or is compromised (CAEP, RISC).
    CredentialChange,
    /// The issuer said that the account is disabled or gone (RISC).
    AccountDisabled,
    /// An administrator asked for it.
    Administrator,
    /// A refresh token was used a second time: somebody has a copy of it (RFC 9700 section 4.14.2).
    Reuse,
    /// Something that only a later version of Quash has a name for.
    Other,
}

impl Cutoff {
    fn covers(self, issued_at: Option<Timestamp>) -> bool {
        match self {
            Self::Nothing => false,
            Self::IssuedUntil(time) => issued_at.is_none_or(|issued_at| issued_at <= time),
            Self::Always => true,
        }
    }
}

impl Cover {
    /// Every token issued until the cutoff.
    pub const fn everyone(cutoff: Cutoff) -> Self {
        Self { everyone: cutoff, others: None, lifts: 0 }
    }

    /// Every token issued until the cutoff but those of the session with the id `keep`.
    pub fn all_but(keep: RevocationId, cutoff: Cutoff) -> Self {
        Self::normal(Cutoff::Nothing, Some((cutoff, keep)), 0)
    }

    /// This one, lifted: it covers nothing, until something is revoked [anew](Self::anew). `None` after 255 times.
    pub fn lifted(&self) -> Option<Self> {
        Some(Self { everyone: Cutoff::Nothing, others: None, lifts: self.lifts.checked_add(1)? })
    }

    /// How often what was revoked under the id has been lifted.
    pub const fn lifts(&self) -> u8 {
        self.lifts
    }

    /// This one as what is revoked now, where `known` is known under the id: whoever revokes need not know what has been lifted before,
    /// and means it all the same.
    #[must_use]
    pub fn anew(self, known: &Self) -> Self {
        if self.covers_nothing() { self } else { Self { lifts: self.lifts.max(known.lifts), ..self } }
    }

    /// Whether there is no token that it covers: it was lifted.
    pub fn covers_nothing(&self) -> bool {
        self.everyone == Cutoff::Nothing && self.others.is_none()
    }

    /// The cutoff for all tokens.
    pub const fn cutoff(&self) -> Cutoff {
        self.everyone
    }

    /// The later cutoff and the session that it spares.
    pub const fn others(&self) -> Option<(Cutoff, RevocationId)> {
        self.others
    }

    /// The cutoff for the tokens of the session with the id `session`, or of none.
    pub fn cutoff_for(&self, session: Option<RevocationId>) -> Cutoff {
        match self.others {
            Some((cutoff, keep)) if session != Some(keep) => cutoff,
            _ => self.everyone,
        }
    }

    /// Whether a token issued at `issued_at` in the session with the id `session` is covered.
    pub fn covers(&self, issued_at: Option<Timestamp>, session: Option<RevocationId>) -> bool {
        self.cutoff_for(session).covers(issued_at)
    }

    /// Whatever either covers: the union, so nothing that was revoked comes back. Unless one was lifted since the other was made: then
    /// that one alone.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        let lifts = self.lifts;
        match lifts.cmp(&other.lifts) {
            Ordering::Less => return other,
            Ordering::Greater => return self,
            Ordering::Equal => {}
        }
        let everyone = self.everyone.max(other.everyone);
        let (Some((a, keep_a)), Some((b, keep_b))) = (self.others, other.others) else {
            return Self::normal(everyone, self.others.or(other.others), lifts);
        };
        if keep_a == keep_b {
            return Self::normal(everyone, Some((a.max(b), keep_a)), lifts);
        }
        // Each spares only what the other covers until the earlier of the two cutoffs, so until then nobody is spared.
        Self::normal(everyone.max(a.min(b)), Some((a, keep_a).max((b, keep_b))), lifts)
    }

    pub(crate) fn normal(everyone: Cutoff, others: Option<(Cutoff, RevocationId)>, lifts: u8) -> Self {
        Self { everyone, others: others.filter(|(cutoff, _)| *cutoff > everyone), lifts }
    }
}

impl Revocation {
    /// Two revocations of one id as one, whatever their order: what either covers, as long as either must be kept. A later,
    /// shorter one never shortens an earlier one. Where one was lifted since, that one alone.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        debug_assert_eq!(self.id, other.id);
        match self.cover.lifts.cmp(&other.cover.lifts) {
            Ordering::Less => return other,
            Ordering::Greater => return self,
            Ordering::Equal => {}
        }
        let (since, other_since) = ((self.revoked_at, self.reason), (other.revoked_at, other.reason));
        // What was lifted says nothing of what is revoked anew.
        let (revoked_at, reason) = match (self.cover.covers_nothing(), other.cover.covers_nothing()) {
            (true, false) => other_since,
            (false, true) => since,
            _ => since.min(other_since),
        };
        Self {
            id: self.id,
            cover: self.cover.union(other.cover),
            expires_at: self.expires_at.max(other.expires_at),
            revoked_at,
            reason,
        }
    }

    /// What there is once `new` is revoked, by somebody who need not know of this one.
    #[must_use]
    pub fn renewed(self, new: Self) -> Self {
        self.merge(Self { cover: new.cover.anew(&self.cover), ..new })
    }

    /// This one, lifted at `at`. It is kept for as long as it was to be: there are copies of what it was. When it has expired they
    /// have, too, and it counts no more. `None` after 255 times.
    pub fn lifted(&self, at: Timestamp) -> Option<Self> {
        Some(Self { cover: self.cover.lifted()?, revoked_at: at, ..*self })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::{option, prelude::*};

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const SESSIONS: [RevocationId; 3] =
        [RevocationId::from_bytes([1; 16]), RevocationId::from_bytes([2; 16]), RevocationId::from_bytes([3; 16])];

    // Few values, so that ties and repetitions are common.
    fn time() -> impl Strategy<Value = Timestamp> {
        (0..6u64).prop_map(Timestamp::from_millis)
    }

    fn cutoff() -> impl Strategy<Value = Cutoff> {
        prop_oneof![Just(Cutoff::Nothing), time().prop_map(Cutoff::IssuedUntil), Just(Cutoff::Always)]
    }

    fn session() -> impl Strategy<Value = RevocationId> {
        prop::sample::select(&SESSIONS[..])
    }

    pub(crate) fn revocation() -> impl Strategy<Value = Revocation> {
        let cover = (cutoff(), option::of((cutoff(), session())), prop_oneof![4 => Just(0), 1 => 1..3u8])
            .prop_map(|(everyone, others, lifts)| Cover::normal(everyone, others, lifts));
        let reason = prop_oneof![Just(Reason::Logout), Just(Reason::Client)];
        (cover, time(), time(), reason).prop_map(|(cover, expires_at, revoked_at, reason)| Revocation {
            id: RevocationId::from_bytes([9; 16]),
            cover,
            expires_at,
            revoked_at,
            reason,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn merge_is_commutative(a in revocation(), b in revocation()) {
            prop_assert_eq!(a.merge(b), b.merge(a));
        }

        #[test]
        fn merge_is_associative(a in revocation(), b in revocation(), c in revocation()) {
            prop_assert_eq!(a.merge(b).merge(c), a.merge(b.merge(c)));
        }

        #[test]
        fn merge_is_idempotent(a in revocation(), b in revocation()) {
            prop_assert_eq!(a.merge(a), a);
            prop_assert_eq!(a.merge(b).merge(b), a.merge(b));
        }

        /// Exactly the union: nothing that was revoked comes back, and nobody else is logged out. Of what has been lifted since,
        /// nothing is left.
        #[test]
        fn merge_covers_what_either_covers(
            a in revocation(),
            b in revocation(),
            issued_at in option::of(time()),
            session in option::of(session()),
        ) {
            let merged = a.merge(b);
            let lifts = a.cover.lifts().max(b.cover.lifts());
            let counts = |one: &Revocation| one.cover.lifts() == lifts && one.cover.covers(issued_at, session);
            prop_assert_eq!(merged.cover.covers(issued_at, session), counts(&a) || counts(&b));
            let is_kept = |one: &Revocation| one.cover.lifts() < lifts || merged.expires_at >= one.expires_at;
            prop_assert!(is_kept(&a) && is_kept(&b));
        }

        /// Whoever revokes does not know what has been lifted before; it covers what he revokes.
        #[test]
        fn what_is_revoked_anew_counts(
            known in revocation(),
            new in revocation(),
            issued_at in option::of(time()),
            session in option::of(session()),
        ) {
            let new = Revocation { cover: Cover { lifts: 0, ..new.cover }, ..new };
            let renewed = known.renewed(new);
            prop_assert_eq!(
                renewed.cover.covers(issued_at, session),
                known.cover.covers(issued_at, session) || new.cover.covers(issued_at, session)
            );
            prop_assert_eq!(renewed.renewed(new), renewed);
            prop_assert!(renewed.expires_at >= known.expires_at.max(new.expires_at) || !new.cover.covers(None, None));
            prop_assert_eq!(renewed.merge(known), renewed);
        }

        #[test]
        fn what_is_lifted_stays_so_whatever_comes_of_before(known in revocation(), copy in revocation(), at in time()) {
            let lifted = known.lifted(at).unwrap();
            let covers = |revocation: Revocation| revocation.cover.covers(None, None);
            prop_assert!(!covers(lifted) && lifted.expires_at == known.expires_at);
            if copy.cover.lifts() <= known.cover.lifts() {
                prop_assert!(!covers(lifted.merge(copy)) && lifted.merge(copy).revoked_at == at);
            }
        }
    }

    #[test]
    fn a_kept_session_does_not_bring_back_its_old_tokens() {
        let at = |secs| Cutoff::IssuedUntil(Timestamp::from_secs(secs));
        let cover = Cover::everyone(at(10)).union(Cover::all_but(SESSIONS[0], at(20)));
        let covers = |secs, session| cover.covers(Some(Timestamp::from_secs(secs)), Some(session));
        assert!(covers(10, SESSIONS[0]));
        assert!(!covers(11, SESSIONS[0]));
        assert!(covers(20, SESSIONS[1]));
        assert!(!covers(21, SESSIONS[1]));
    }

    #[test]
    fn there_is_an_end_to_lifting() {
        let mut cover = Cover::everyone(Cutoff::Always);
        for lifts in 1..=255 {
            cover = cover.lifted().unwrap();
            assert_eq!(cover.lifts(), lifts);
        }
        assert_eq!(cover.lifted(), None);
    }

    #[test]
    fn equal_covers_are_equal_values() {
        let spared = Cover::everyone(Cutoff::Always).union(Cover::all_but(SESSIONS[0], Cutoff::Always));
        assert_eq!(spared, Cover::everyone(Cutoff::Always));
        assert_eq!(spared.others(), None);
        assert_eq!(Cover::all_but(SESSIONS[0], Cutoff::Nothing), Cover::everyone(Cutoff::Nothing));
    }

    #[test]
    fn a_token_without_iat_is_as_old_as_can_be() {
        assert!(Cover::everyone(Cutoff::IssuedUntil(Timestamp::from_secs(0))).covers(None, None));
        assert!(!Cover::everyone(Cutoff::Nothing).covers(None, None));
    }
}
