use alloc::vec::Vec;
use core::time::Duration;

use crate::{
    Malformed, Refusal, StatusBits, Timestamp, VerifiedToken, base64url,
    json::Value,
    validation::{not_expired, started},
};

/// A Status List Token (Token Status List, draft-ietf-oauth-status-list section 5.1): an issuer's word on the statuses of many of its
/// tokens. What it says is still compressed: zlib is the host's.
#[derive(Debug)]
pub struct StatusListToken {
    bits: StatusBits,
    deflated: Vec<u8>,
    issued_at: Timestamp,
    expires_at: Option<Timestamp>,
    time_to_live: Option<Duration>,
}

impl VerifiedToken {
    /// Takes the token for the list that is published at `uri`, by the rules of section 8.3.
    ///
    /// # Errors
    /// [`Refusal`] names the first rule that is not kept: then nothing is known of any token in the list.
    pub fn into_status_list_token(self, uri: &str, now: Timestamp) -> Result<StatusListToken, Refusal> {
        let (claims, retention) = (self.claims(), self.retention());
        // 3a. A JWT with a signature that is right, and typed, so that it can pass for nothing else, nor anything for it.
        if !self.header().is_typed("statuslist+jwt") {
            return Err(Refusal::TypeRefused);
        }
        // 3b. `sub`, `iat` and `status_list` are required. 4a. One list must not pass for another.
        if claims.subject().ok_or(Refusal::ClaimMissing("sub".into()))? != uri {
            return Err(Refusal::NotAStatusListToken("its `sub` is not where it was read"));
        }
        let issued_at = started(claims, &retention, now)?;
        // 4c. `exp` is optional.
        let expires_at = claims.expires_at().map(|expires_at| expires_at.plus(retention.leeway));
        if expires_at.is_some() {
            not_expired(claims, &retention, now)?;
        }
        // 4d. `ttl` is a number of seconds, and optional.
        let members = claims.members();
        let time_to_live = match members.get("ttl") {
            None => None,
            Some(Value::Number(secs)) => Some(secs.thousandths().ok_or(Malformed::Claim("ttl".into()))?),
            Some(_) => return Err(Malformed::Claim("ttl".into()).into()),
        };
        // 5.1 and 4.2: `bits` and `lst`.
        let invalid = || Malformed::Claim("status_list".into());
        let list = members.get("status_list").ok_or(Refusal::ClaimMissing("status_list".into()))?;
        let list = list.as_object().ok_or_else(invalid)?;
        let bits = if let Some(Value::Number(bits)) = list.get("bits") { bits.whole() } else { None };
        let bits = StatusBits::try_from(bits.ok_or_else(invalid)?).map_err(|_| invalid())?;
        let deflated = base64url::decode(list.get("lst").and_then(Value::as_str).ok_or_else(invalid)?)?;
        let time_to_live = time_to_live.map(Duration::from_millis);
        Ok(StatusListToken { bits, deflated, issued_at, expires_at, time_to_live })
    }
}

impl StatusListToken {
    /// How many bits a status takes.
    pub const fn bits(&self) -> StatusBits {
        self.bits
    }

    /// `lst`: zlib (RFC 1950).
    pub fn deflated(&self) -> &[u8] {
        &self.deflated
    }

    /// `iat`.
    pub const fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// When nobody may go by it any more, the issuer's leeway included; `None` where it does not say.
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// `ttl`: how long it may be kept before it is read anew.
    pub const fn time_to_live(&self) -> Option<Duration> {
        self.time_to_live
    }
}

#[cfg(test)]
mod tests {
    use std::{format, string::String};

    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        UnverifiedToken, Verification,
        fixtures::{NOW, issuers, sign},
    };

    const URI: &str = "https://issuer.example/statuslists/1";
    const HEADER: &str = r#"{"alg":"HS256","kid":"k","typ":"statuslist+jwt"}"#;
    // The example of section 5.1, at another time.
    const PAYLOAD: &str = r#"{"exp":1000100,"iat":999990,"status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ"},"sub":"https://issuer.example/statuslists/1","ttl":43200}"#;

    fn read(header: &str, payload: &str) -> Result<StatusListToken, Refusal> {
        let text = sign(header, payload);
        let token = UnverifiedToken::parse_status_list(&text)?;
        match issuers().verify_as("a", token)? {
            Verification::Verified(token) => token.into_status_list_token(URI, NOW),
            Verification::Ask(_) => panic!("has a key that is not here"),
        }
    }

    #[test]
    fn the_example_of_the_standard_is_read() {
        let list = read(HEADER, PAYLOAD).unwrap();
        assert_eq!(
            (list.bits(), list.deflated()),
            (StatusBits::One, &base64url::decode("eNrbuRgAAhcBXQ").unwrap()[..])
        );
        assert_eq!(list.issued_at(), Timestamp::from_secs(999_990));
        // The issuer's leeway is 5 s.
        assert_eq!(list.expires_at(), Some(Timestamp::from_secs(1_000_105)));
        assert_eq!(list.time_to_live(), Some(Duration::from_secs(43_200)));
        let bare = read(HEADER, &PAYLOAD.replace(r#""exp":1000100,"#, "").replace(r#","ttl":43200"#, "")).unwrap();
        assert_eq!((bare.expires_at(), bare.time_to_live()), (None, None));
    }

    #[test]
    fn each_rule_of_the_standard_is_kept() {
        let with = |from: &str, to: &str| {
            let payload = PAYLOAD.replacen(from, to, 1);
            assert_ne!(payload, PAYLOAD, "{from} is not there");
            payload
        };
        for (header, payload, code) in [
            (HEADER, PAYLOAD.into(), "accepted"),
            (&HEADER.replace("statuslist+jwt", "application/statuslist+jwt"), PAYLOAD.into(), "accepted"),
            (HEADER, with("{", r#"{"iss":"a","#), "accepted"),
            (HEADER, with("43200", "0.5"), "accepted"),
            // 3a.
            (r#"{"alg":"HS256","kid":"k"}"#, PAYLOAD.into(), "type_refused"),
            (&HEADER.replace("statuslist+jwt", "JWT"), PAYLOAD.into(), "type_refused"),
            (&HEADER.replace("statuslist+jwt", "at+jwt"), PAYLOAD.into(), "type_refused"),
            (&HEADER.replace(r#""k""#, r#""other""#), PAYLOAD.into(), "key_unknown"),
            (&HEADER.replace("HS256", "HS512"), PAYLOAD.into(), "algorithm_refused"),
            (&HEADER.replace("HS256", "none"), PAYLOAD.into(), "algorithm_refused"),
            (HEADER, with("{", r#"{"iss":"b","#), "issuer_unknown"),
            (HEADER, with("{", r#"{"nbf":1000006,"#), "token_not_yet_valid"),
            // 3b.
            (HEADER, with(r#","sub":"https://issuer.example/statuslists/1""#, ""), "claim_missing"),
            (HEADER, with(r#""iat":999990,"#, ""), "claim_missing"),
            (HEADER, with(r#""status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ"},"#, ""), "claim_missing"),
            (HEADER, with("999990", "1000006"), "token_not_yet_valid"),
            (HEADER, with("999990", r#""999990""#), "claim_invalid"),
            // 4a.
            (HEADER, with("statuslists/1", "statuslists/2"), "status_list_invalid"),
            (HEADER, with("statuslists/1", "statuslists/1/"), "status_list_invalid"),
            // 4c, 4d.
            (HEADER, with("1000100", "999995"), "token_expired"),
            (HEADER, with("43200", "-1"), "claim_invalid"),
            (HEADER, with("43200", r#""43200""#), "claim_invalid"),
            // 5.1, 4.2.
            (HEADER, with(r#"{"bits":1,"lst":"eNrbuRgAAhcBXQ"}"#, r#""eNrbuRgAAhcBXQ""#), "claim_invalid"),
            (HEADER, with(r#""bits":1"#, r#""bits":3"#), "claim_invalid"),
            (HEADER, with(r#""bits":1"#, r#""bits":0"#), "claim_invalid"),
            (HEADER, with(r#""bits":1"#, r#""bits":"1""#), "claim_invalid"),
            (HEADER, with(r#""bits":1,"#, ""), "claim_invalid"),
            (HEADER, with(r#","lst":"eNrbuRgAAhcBXQ""#, ""), "claim_invalid"),
            (HEADER, with("eNrbuRgAAhcBXQ", "eNrbuRgAAhcBXQ=="), "token_base64url"),
            (HEADER, with("eNrbuRgAAhcBXQ", "eNrb+RgAAhcBXQ"), "token_base64url"),
        ] {
            let found = read(header, &payload).map_or_else(|refusal| refusal.code(), |_| "accepted");
            assert_eq!(found, code, "{header} {payload}");
        }
    }

    #[test]
    fn a_list_may_be_longer_than_a_token() {
        let lst = "AAAA".repeat(10_000);
        let list = read(HEADER, &PAYLOAD.replace("eNrbuRgAAhcBXQ", &lst)).unwrap();
        assert_eq!(list.deflated().len(), 30_000);
        let longest = "A".repeat(crate::MAX_STATUS_LIST_BYTES + 1);
        let refused = UnverifiedToken::parse_status_list(&longest).map(drop);
        assert_eq!(refused, Err(Malformed::TooLarge.into()));
    }

    #[test]
    fn it_lets_nobody_in() {
        let text = sign(HEADER, PAYLOAD);
        let Ok(Verification::Verified(token)) =
            issuers().verify_as("a", UnverifiedToken::parse_status_list(&text).unwrap())
        else {
            panic!("is not verified")
        };
        assert_eq!(token.validate(NOW).map(drop), Err(Refusal::TypeRefused));
        // Nor does it say whose it is where that decides on the keys.
        assert!(matches!(issuers().verify(UnverifiedToken::parse(&text).unwrap()), Err(Refusal::IssuerUnknown)));
    }

    proptest! {
        /// Whatever else it says, what is taken from it is what it has.
        #[test]
        fn what_is_in_it_is_what_is_read(
            bits in 0..20_u64,
            lst in prop::collection::vec(any::<u8>(), 1..100),
            issued in 999_000..1_001_000_u64,
            life in -2000..2000_i64,
            ttl in prop::option::of(0..1_000_000_u64),
        ) {
            use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
            let expires = issued.saturating_add_signed(life);
            let text: String = BASE64_URL_SAFE_NO_PAD.encode(&lst);
            let ttl_member = ttl.map_or(String::new(), |ttl| format!(r#","ttl":{ttl}"#));
            let payload = format!(
                r#"{{"sub":"{URI}","iat":{issued},"exp":{expires},"status_list":{{"bits":{bits},"lst":"{text}"}}{ttl_member}}}"#
            );
            let may_be_taken = issued <= 1_000_005 && expires + 5 > 1_000_000 && [1, 2, 4, 8].contains(&bits);
            match read(HEADER, &payload) {
                Ok(list) => {
                    prop_assert!(may_be_taken);
                    prop_assert_eq!(list.deflated(), &lst[..]);
                    prop_assert_eq!(list.bits() as u64, bits);
                    prop_assert_eq!(list.issued_at(), Timestamp::from_secs(issued));
                    prop_assert_eq!(list.time_to_live(), ttl.map(Duration::from_secs));
                }
                Err(_) => prop_assert!(!may_be_taken),
            }
        }
    }
}
