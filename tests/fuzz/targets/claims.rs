//! What lies behind the base64 and the MAC. The input is a header and, on the lines after it, a payload; they are signed, so
//! that the fuzzer may say whatever an issuer might.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quash_core::{
    CLOCK_MARGIN, Cover, Cutoff, LogoutToken, Reason, Revocation, RevocationHandle, RevocationId, Rule, Target,
    Timestamp, ValidToken, Verdict,
};
use quash_fuzz::{
    AUDIENCE, CLIENT, ISSUERS, LEEWAY, MAX_LIFETIME, NOW, PEPPERS, reading::Reading, sign, split, verify,
};
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let Some((header, payload)) = split(input) else { return };
    let text = sign(header, payload);
    assert_explained(&text);
    let Ok(token) = verify(&text) else { return };
    let reading = Reading::of(header, payload);
    assert_eq!(reading.parameter("alg"), Some("HS256"));
    reading.assert_agrees(token.claims());
    assert_eq!(matches!(token.target(), Target::TokenId(_)), reading.has("jti"));

    let handle = RevocationHandle::of_session(&token, NOW);
    let valid = token.validate(NOW);
    assert_eq!(valid.is_ok(), is_access_token(&reading));
    let logout = verify(&text).unwrap().into_logout_token(&[CLIENT], NOW);
    assert_eq!(logout.is_ok(), is_logout_token(&reading));
    assert!(valid.is_err() || logout.is_err());

    if let Ok(valid) = valid {
        assert_eq!(Some(valid.until()), reading.time("exp").map(|exp| exp.plus(LEEWAY)));
        assert_revocable(&valid, &reading);
        let revocations: Vec<_> = handle.unwrap().revocations(NOW).collect();
        assert!(matches!(valid.ids().verdict(&revocations), Verdict::Revoked { rule: Rule::Token, .. }));
    }
    if let Ok(logout) = logout {
        assert_ends(&logout, &reading);
    }
});

/// The explanation's verdict is that of the guard, and nothing in the token makes a line of its own in it.
fn assert_explained(text: &str) {
    let explanation = ISSUERS.explain(text, NOW);
    let refusal = verify(text).and_then(|token| token.validate(NOW)).err();
    assert_eq!(explanation.code(), refusal.map(|refusal| refusal.code()));
    let lines = explanation.to_string();
    assert_eq!(lines.chars().filter(|letter| letter.is_control()).count(), explanation.steps().len());
}

fn is_access_token(reading: &Reading) -> bool {
    let is_of_b = reading.claim("iss") == Some("b");
    let is_id_token = ["at_hash", "c_hash", "nonce"].into_iter().any(|claim| reading.has(claim));
    let may_be_one = reading.is_typed("at+jwt") || !is_of_b && reading.is_untyped() && !is_id_token;
    let is_as_configured = match is_of_b {
        true => !reading.has("aud") && reading.has("sub"),
        false => reading.audiences().contains(&AUDIENCE) && reading.value("email").is_none_or(Value::is_string),
    };
    may_be_one && !reading.has("events") && is_as_configured && reading.is_in_force()
}

fn is_logout_token(reading: &Reading) -> bool {
    let event = |events: &Value| events.get("http://schemas.openid.net/event/backchannel-logout")?.as_object().cloned();
    (reading.is_untyped() || reading.is_typed("logout+jwt"))
        && reading.audiences().contains(&CLIENT)
        && reading.has_begun()
        && reading.time("exp").is_some_and(|exp| NOW < exp.plus(LEEWAY))
        && (reading.has("sub") || reading.has("sid"))
        && reading.value("events").and_then(event).is_some()
        && !reading.has("nonce")
        && reading.has("jti")
}

/// Each of the token's names revokes it, up to its `iat` and no further; and nothing else does.
fn assert_revocable(token: &ValidToken, reading: &Reading) {
    let ids = token.ids();
    let is_of_a = reading.claim("iss") == Some("a");
    let named = [
        reading.claim("jti").map(Target::TokenId),
        reading.claim("sid").map(Target::Session),
        reading.claim("sub").map(Target::Subject),
        reading.client().map(Target::Client),
        reading.parameter("kid").map(Target::Key),
        Some("email").filter(|_| is_of_a).and_then(|name| Some(Target::Claim { name, value: reading.claim(name)? })),
        Some(Target::Everything),
    ];
    let known: Vec<_> = named.into_iter().flatten().map(|target| id(reading, target)).collect();
    assert!(known.iter().all(|id| ids.iter().any(|other| other == *id)));
    // One more for a token without a `jti`, which is known by what was signed.
    assert_eq!(ids.iter().count(), known.len() + usize::from(!reading.has("jti")));

    let is_hit = |id, cover| matches!(ids.verdict(&[revocation(id, cover)]), Verdict::Revoked { .. });
    let iat = reading.time("iat").unwrap().as_millis();
    let until = |millis| Cover::everyone(Cutoff::IssuedUntil(Timestamp::from_millis(millis)));
    let session = reading.claim("sid").map(|session| id(reading, Target::Session(session)));
    for id in ids.iter() {
        assert!(is_hit(id, until(iat)) && (iat == 0 || !is_hit(id, until(iat - 1))));
        assert!(session.is_none_or(|session| !is_hit(id, Cover::all_but(session, Cutoff::Always))));
        assert!(is_hit(id, Cover::all_but(RevocationId::from_bytes([9; 16]), Cutoff::Always)));
    }
    assert!(!is_hit(RevocationId::from_bytes([9; 16]), Cover::everyone(Cutoff::Always)));
}

/// The logout token ends its session, or else all of its subject's.
fn assert_ends(logout: &LogoutToken, reading: &Reading) {
    let iat = reading.time("iat").unwrap();
    let Some(revocation) = logout.revocation(NOW) else {
        // A token of then has died: its leeway to be issued and to be used, its life, and the margin.
        assert!(iat.plus(2 * LEEWAY + MAX_LIFETIME + CLOCK_MARGIN) <= NOW);
        return;
    };
    let ended = match reading.claim("sid") {
        Some(session) => Target::Session(session),
        None => Target::Subject(reading.claim("sub").unwrap()),
    };
    assert_eq!(revocation.id, id(reading, ended));
    assert!(revocation.cover.covers(Some(iat), None) && revocation.expires_at > NOW);
    let later = Timestamp::from_millis(iat.as_millis() + 1).plus(LEEWAY);
    assert_eq!(revocation.cover.covers(Some(later), None), reading.has("sid"));
}

fn id(reading: &Reading, target: Target<'_>) -> RevocationId {
    PEPPERS.current().namespace(reading.claim("iss").unwrap()).id(&target)
}

fn revocation(id: RevocationId, cover: Cover) -> Revocation {
    Revocation { id, cover, expires_at: NOW, revoked_at: NOW, reason: Reason::Logout }
}
