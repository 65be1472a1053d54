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
    /// Since when the id has been revoked.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cover {
    everyone: Cutoff,
    /// The cutoff of all but the kept session. Always later than `everyone`, so that equal covers are equal values.
    others: Option<(Cutoff, RevocationId)>,
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
        Self { everyone: cutoff, others: None }
    }

    /// Every token issued until the cutoff but those of the session with the id `keep`.
    pub fn all_but(keep: RevocationId, cutoff: Cutoff) -> Self {
        Self::normal(Cutoff::Nothing, Some((cutoff, keep)))
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

    /// Whatever either covers: the union, so nothing that was revoked comes back.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        let everyone = self.everyone.max(other.everyone);
        let (Some((a, keep_a)), Some((b, keep_b))) = (self.others, other.others) else {
            return Self::normal(everyone, self.others.or(other.others));
        };
        if keep_a == keep_b {
            return Self::normal(everyone, Some((a.max(b), keep_a)));
        }
        // Each spares only what the other covers until the earlier of the two cutoffs, so until then nobody is spared.
        Self::normal(everyone.max(a.min(b)), Some((a, keep_a).max((b, keep_b))))
    }

    pub(crate) fn normal(everyone: Cutoff, others: Option<(Cutoff, RevocationId)>) -> Self {
        Self { everyone, others: others.filter(|(cutoff, _)| *cutoff > everyone) }
    }
}

impl Revocation {
    /// Two revocations of one id as one, whatever their order: what either covers, as long as either must be kept. A later,
    /// shorter one never shortens an earlier one.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        debug_assert_eq!(self.id, other.id);
        let (revoked_at, reason) = (self.revoked_at, self.reason).min((other.revoked_at, other.reason));
        Self {
            id: self.id,
            cover: self.cover.union(other.cover),
            expires_at: self.expires_at.max(other.expires_at),
            revoked_at,
            reason,
        }
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
        let cover = (cutoff(), option::of((cutoff(), session())))
            .prop_map(|(everyone, others)| Cover::normal(everyone, others));
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

        /// Exactly the union: nothing that was revoked comes back, and nobody else is logged out.
        #[test]
        fn merge_covers_what_either_covers(
            a in revocation(),
            b in revocation(),
            issued_at in option::of(time()),
            session in option::of(session()),
        ) {
            let merged = a.merge(b);
            prop_assert_eq!(
                merged.cover.covers(issued_at, session),
                a.cover.covers(issued_at, session) || b.cover.covers(issued_at, session)
            );
            prop_assert!(merged.expires_at >= a.expires_at && merged.expires_at >= b.expires_at);
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
