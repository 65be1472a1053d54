//! What an issuer says of its tokens' statuses. The input is a header and, on the lines after it, a payload, as in `claims`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quash_core::{StatusList, UnverifiedToken, Verification};
use quash_fuzz::{ISSUERS, LEEWAY, NOW, reading::Reading, sign, split, verify};

const URI: &str = "https://a.example/1";

fuzz_target!(|input: &[u8]| {
    let Some((header, payload)) = split(input) else { return };
    let text = sign(header, payload);
    let Ok(token) = UnverifiedToken::parse_status_list(&text) else { return };
    let Ok(Verification::Verified(token)) = ISSUERS.verify_as("a", token) else { return };
    let Ok(list) = token.into_status_list_token(URI, NOW) else { return };

    let reading = Reading::of(header, payload);
    assert!(reading.is_typed("statuslist+jwt") && reading.claim("sub") == Some(URI));
    assert!(reading.claim("iss").is_none_or(|issuer| issuer == "a"));
    assert_eq!(Some(list.issued_at()), reading.time("iat"));
    assert!(reading.has_begun());
    assert_eq!(list.expires_at(), reading.time("exp").map(|exp| exp.plus(LEEWAY)));
    assert!(list.expires_at().is_none_or(|expires_at| NOW < expires_at));
    assert_eq!(list.time_to_live().is_some(), reading.has("ttl"));
    let members = reading.value("status_list").unwrap().as_object().unwrap();
    assert!(members["lst"].is_string() && [1.0, 2.0, 4.0, 8.0].contains(&members["bits"].as_f64().unwrap()));
    assert_eq!(members["bits"].as_f64(), Some(f64::from(list.bits() as u8)));
    // Were it not compressed, each place would have a status, and none behind.
    let statuses = StatusList::new(list.bits(), list.deflated().into());
    let count = list.deflated().len() as u64 * 8 / list.bits() as u64;
    assert!((0..count).all(|index| statuses.get(index).is_ok()) && statuses.get(count).is_err());
    // It lets nobody in, and revokes nothing.
    if let Ok(token) = verify(&text) {
        assert!(token.validate(NOW).is_err());
    }
});
