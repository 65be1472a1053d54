use core::time::Duration;

use crate::Timestamp;

/// Added to every expiry: an edge whose clock is late still accepts a token that by the store's clock is dead, and must still
/// find its entry. 60 s is twice the worst skew we plan for, and costs a minute of storage.
pub const CLOCK_MARGIN: Duration = Duration::from_secs(60);

/// How long an entry must be kept so that it outlives every token it covers. A store's own minimum comes on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How long after `exp` an issuer's token is still accepted.
    pub leeway: Duration,
    /// The longest that a token of the issuer may live (`exp - iat`). Verification enforces it; else no entry for a session or
    /// a subject could ever expire.
    pub max_lifetime: Duration,
}

impl Retention {
    /// Until when to keep the revocation of one token; `None` when the token is dead already and needs no entry.
    ///
    /// A token without `exp` is never accepted, so it is dead too.
    pub fn of_token(&self, expires_at: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let dead_at = expires_at?.plus(self.leeway).plus(CLOCK_MARGIN);
        (dead_at > now).then_some(dead_at)
    }

    /// Until when to keep a revocation that covers tokens issued until `cutoff`.
    ///
    /// The last of them says `iat = cutoff`, lives `max_lifetime`, and is accepted for `leeway` more.
    pub fn of_cutoff(&self, cutoff: Timestamp) -> Timestamp {
        cutoff.plus(self.max_lifetime).plus(self.leeway).plus(CLOCK_MARGIN)
    }

    /// The latest `iat` that a token accepted until `now` can have: an issuer's clock may be ahead by the leeway. A cutoff
    /// there covers all tokens that anybody can have used so far; a login within the leeway after it is covered too, and has
    /// to be repeated.
    pub fn cutoff(&self, now: Timestamp) -> Timestamp {
        now.plus(self.leeway)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::verification::{tests::claims, validity};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// P3: at no time is a covered token accepted without its entry, up to the clock margin.
        #[test]
        fn an_entry_outlives_its_tokens(
            iat in 0..4_000u64,
            lifetime in 0..2_000u64,
            leeway in 0..100u64,
            max_lifetime in 1..1_500u64,
            revoked in 0..8_000u64,
            later in 0..8_000u64,
            skew in 0..60u64,
        ) {
            let retention = Retention {
                leeway: Duration::from_secs(leeway),
                max_lifetime: Duration::from_secs(max_lifetime),
            };
            let claims = claims(Timestamp::from_secs(iat), Timestamp::from_secs(iat + lifetime));
            let accepted = |now| validity(&claims, &retention, now).is_ok();
            let now = Timestamp::from_secs(revoked);
            let later_here = Timestamp::from_secs(revoked + later);
            let later_at_the_store = Timestamp::from_secs(revoked + later + skew);

            if accepted(later_here) {
                let entry = retention.of_token(claims.expires_at(), now);
                prop_assert!(entry.is_some_and(|expires_at| expires_at > later_at_the_store));

                let cutoff = retention.cutoff(now);
                if claims.issued_at() <= Some(cutoff) {
                    prop_assert!(retention.of_cutoff(cutoff) > later_at_the_store);
                }
            }
            // Whatever was accepted until the revocation, the cutoff covers.
            if accepted(now) {
                prop_assert!(claims.issued_at() <= Some(retention.cutoff(now)));
            }
        }
    }

    #[test]
    fn a_dead_token_needs_no_entry() {
        let retention = Retention { leeway: Duration::from_secs(5), max_lifetime: Duration::from_secs(900) };
        let exp = Some(Timestamp::from_secs(1000));
        assert_eq!(retention.of_token(exp, Timestamp::from_secs(1064)), Some(Timestamp::from_secs(1065)));
        assert_eq!(retention.of_token(exp, Timestamp::from_secs(1065)), None);
        assert_eq!(retention.of_token(None, Timestamp::from_secs(0)), None);
    }
}
