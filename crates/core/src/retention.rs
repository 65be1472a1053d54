use core::time::Duration;

use crate::{Revocation, Timestamp};

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

impl Revocation {
    /// Until when a store keeps the entry that takes none for less than `floor`.
    pub fn kept_until(&self, now: Timestamp, floor: Duration) -> Timestamp {
        self.expires_at.max(now.plus(floor))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        Claims, Cover, Cutoff, Reason, RevocationId,
        validation::{lifetime_capped, not_expired, started},
    };

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// P3: at no time is a covered token accepted without its entry, up to the clock margin.
        #[test]
        fn an_entry_outlives_its_tokens(
            iat in 0..4_000_000u64,
            lifetime in 0..2_000_000u64,
            leeway in 0..100_000u64,
            max_lifetime in 1..1_500_000u64,
            floor in 0..120_000u64,
            revoked in 0..8_000_000u64,
            later in 0..8_000_000u64,
            skew in 0..60_000u64,
        ) {
            let retention = Retention {
                leeway: Duration::from_millis(leeway),
                max_lifetime: Duration::from_millis(max_lifetime),
            };
            let (iat, exp) = (iat as f64 / 1000.0, (iat + lifetime) as f64 / 1000.0);
            let claims = Claims::parse(std::format!(r#"{{"iat":{iat},"exp":{exp}}}"#).into_bytes()).unwrap();
            let accepted = |now| {
                not_expired(&claims, &retention, now).is_ok()
                    && started(&claims, &retention, now).is_ok()
                    && lifetime_capped(&claims, &retention).is_ok()
            };
            let now = Timestamp::from_millis(revoked);
            let later_here = Timestamp::from_millis(revoked + later);
            let later_at_the_store = Timestamp::from_millis(revoked + later + skew);
            let kept = |expires_at| {
                let (id, cover) = (RevocationId::from_bytes([9; 16]), Cover::everyone(Cutoff::Always));
                let revocation = Revocation { id, cover, expires_at, revoked_at: now, reason: Reason::Logout };
                // As a store does that counts in seconds.
                let until = revocation.kept_until(now, Duration::from_millis(floor)).as_secs_ceil();
                Timestamp::from_secs(until) > later_at_the_store && until * 1000 >= revoked + floor
            };

            if accepted(later_here) {
                prop_assert!(retention.of_token(claims.expires_at(), now).is_some_and(kept));

                let cutoff = retention.cutoff(now);
                if claims.issued_at() <= Some(cutoff) {
                    prop_assert!(kept(retention.of_cutoff(cutoff)));
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
