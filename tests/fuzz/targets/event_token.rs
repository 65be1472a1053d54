//! What an issuer says has happened. The input is a header and, on the lines after it, a payload, as in `claims`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quash_core::{Reason, Target};
use quash_fuzz::{CLIENT, NOW, PEPPERS, reading::Reading, sign, split, verify};
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let Some((header, payload)) = split(input) else { return };
    let text = sign(header, payload);
    let Ok(token) = verify(&text) else { return };
    let Ok(token) = token.into_security_event_token(&[CLIENT], NOW) else { return };

    let reading = Reading::of(header, payload);
    assert!(reading.is_typed("secevent+jwt") && reading.audiences().contains(&CLIENT));
    assert!(reading.has_begun() && reading.claim("jti").is_some());
    let events = reading.value("events").unwrap().as_object().unwrap();
    assert!(!events.is_empty() && events.values().all(Value::is_object));
    assert!(verify(&text).unwrap().validate(NOW).is_err());
    assert!(verify(&text).unwrap().into_logout_token(&[CLIENT], NOW).is_err());

    // Whom it revokes it has named, in the claim for it or in the event.
    let issuer = reading.claim("iss").unwrap();
    let mut targets = Vec::new();
    reading.value("sub_id").into_iter().chain(events.values()).for_each(|value| collect(value, issuer, &mut targets));
    let namespace = PEPPERS.current().namespace(issuer);
    let named: Vec<_> = targets.iter().map(|target| namespace.id(target)).collect();
    for revocation in token.revocations() {
        assert!(named.contains(&revocation.id));
        assert!(revocation.expires_at > NOW && revocation.revoked_at == NOW);
        assert!([Reason::Issuer, Reason::CredentialChange, Reason::AccountDisabled].contains(&revocation.reason));
    }
});

/// Every subject identifier (RFC 9493) somewhere in `value`, as what it may name among what is the issuer's.
fn collect<'v>(value: &'v Value, issuer: &str, targets: &mut Vec<Target<'v>>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, issuer, targets)),
        Value::Object(members) => {
            members.values().for_each(|member| collect(member, issuer, targets));
            let text = |name: &str| members.get(name).and_then(Value::as_str);
            let own = |name| text(name).filter(|_| text("iss") == Some(issuer));
            match text("format") {
                Some("opaque") => {
                    targets.extend(text("id").map(Target::Subject));
                    targets.extend(text("id").map(Target::Session));
                }
                Some("iss_sub") => targets.extend(own("sub").map(Target::Subject)),
                Some("jwt_id" | "jwt-id") => targets.extend(own("jti").map(Target::TokenId)),
                Some("email") if issuer == "a" => {
                    targets.extend(text("email").map(|value| Target::Claim { name: "email", value }));
                }
                _ => {}
            }
        }
        _ => {}
    }
}
