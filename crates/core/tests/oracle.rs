//! Held against the `jsonwebtoken` crate: whatever we accept, it accepts. Where it accepts what we refuse, the reason is one
//! of [`STRICTER`].
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use std::{
    collections::BTreeSet,
    sync::{LazyLock, Mutex},
    time::{Duration, SystemTime},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, EncodingKey, Validation, crypto};
use proptest::{prelude::*, sample::select};
use quash_core::{
    Algorithm, HostKey, Issuer, Issuers, Key, Pepper, Peppers, Refusal, Timestamp, UnverifiedToken, Verification,
};
use serde_json::{Value, json};

/// What `jsonwebtoken` accepts and we do not, and why.
const STRICTER: [(&str, &str); 13] = [
    ("token_too_large", "it has no cap on a token's size"),
    ("token_duplicate_member", "it takes the last one, and the next reader perhaps the first (RFC 7515 section 4)"),
    ("token_nesting", "it goes on to serde_json's limit of 128 levels"),
    ("token_extension", "it ignores `crit` and `b64` (RFC 7515 section 4.1.11)"),
    ("header_invalid", "it does not read every parameter that it knows"),
    ("claim_invalid", "it reads no `iat`, `jti`, `sid`, `client_id` or `azp`, which revocation needs"),
    ("claim_missing", "it does not need `iat`, which retention does"),
    ("type_refused", "it does not look at `typ`"),
    ("issuer_unknown", "it takes a token without `iss` for anybody's"),
    ("key_unknown", "it is given the key, we choose it by `kid`"),
    ("audience_mismatch", "it takes a token without `aud` for everybody's"),
    ("token_not_yet_valid", "it does not look at `iat`"),
    ("lifetime_too_long", "it has no cap on a token's lifetime, which retention needs"),
];

const ISSUER: &str = "https://issuer.example";
const SECRET: &[u8] = b"a secret of sixty-four bytes, no less, since HS512 wants as many as that";

struct Pair {
    ours: Algorithm,
    theirs: jsonwebtoken::Algorithm,
    sign: EncodingKey,
    verify: DecodingKey,
}

static PAIRS: LazyLock<Vec<Pair>> = LazyLock::new(|| {
    use jsonwebtoken::Algorithm as Theirs;
    // All but ES512, which `jsonwebtoken` lacks.
    let hmac =
        [(Algorithm::Hs256, Theirs::HS256), (Algorithm::Hs384, Theirs::HS384), (Algorithm::Hs512, Theirs::HS512)];
    let rsa = [
        (Algorithm::Rs256, Theirs::RS256),
        (Algorithm::Rs384, Theirs::RS384),
        (Algorithm::Rs512, Theirs::RS512),
        (Algorithm::Ps256, Theirs::PS256),
        (Algorithm::Ps384, Theirs::PS384),
        (Algorithm::Ps512, Theirs::PS512),
    ];
    let mut pairs = Vec::new();
    for (ours, theirs) in hmac {
        let (sign, verify) = (EncodingKey::from_secret(SECRET), DecodingKey::from_secret(SECRET));
        pairs.push(Pair { ours, theirs, sign, verify });
    }
    for (ours, theirs) in rsa {
        let sign = EncodingKey::from_rsa_pem(include_bytes!("keys/rs256.pem")).unwrap();
        let verify = DecodingKey::from_rsa_pem(include_bytes!("keys/rs256.pub.pem")).unwrap();
        pairs.push(Pair { ours, theirs, sign, verify });
    }
    pairs.push(Pair {
        ours: Algorithm::Es256,
        theirs: Theirs::ES256,
        sign: EncodingKey::from_ec_pem(include_bytes!("keys/es256.pem")).unwrap(),
        verify: DecodingKey::from_ec_pem(include_bytes!("keys/es256.pub.pem")).unwrap(),
    });
    pairs.push(Pair {
        ours: Algorithm::Es384,
        theirs: Theirs::ES384,
        sign: EncodingKey::from_ec_pem(include_bytes!("keys/es384.pem")).unwrap(),
        verify: DecodingKey::from_ec_pem(include_bytes!("keys/es384.pub.pem")).unwrap(),
    });
    pairs.push(Pair {
        ours: Algorithm::EdDsa,
        theirs: Theirs::EdDSA,
        sign: EncodingKey::from_ed_pem(include_bytes!("keys/eddsa.pem")).unwrap(),
        verify: DecodingKey::from_ed_pem(include_bytes!("keys/eddsa.pub.pem")).unwrap(),
    });
    pairs
});

static ISSUERS: LazyLock<Issuers> = LazyLock::new(|| {
    let keys = PAIRS.iter().zip(0..).map(|(pair, index)| match pair.ours {
        Algorithm::Hs256 => Key::hs256(Some("HS256".into()), SECRET).unwrap(),
        Algorithm::Hs384 => Key::hs384(Some("HS384".into()), SECRET).unwrap(),
        Algorithm::Hs512 => Key::hs512(Some("HS512".into()), SECRET).unwrap(),
        ours => Key::held_by_host(Some(ours.name().into()), ours, HostKey(index)),
    });
    let issuer = Issuer {
        leeway: Duration::from_secs(5),
        audiences: vec!["api".into()],
        ..Issuer::new(ISSUER, Duration::from_secs(3600))
    };
    let pepper = Pepper::new(b"a secret of at least 32 bytes, at random").unwrap();
    Issuers::new(vec![(issuer, keys.collect())], &Peppers::new(vec![pepper]).unwrap()).unwrap()
});

fn now() -> u64 {
    #[allow(clippy::disallowed_methods, reason = "`jsonwebtoken` knows only the system's clock")]
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

fn ours(text: &str) -> Result<(), Refusal> {
    let token = match ISSUERS.verify(UnverifiedToken::parse(text)?)? {
        Verification::Verified(token) => token,
        Verification::Ask(check) => {
            let pair = &PAIRS[check.key().0 as usize];
            let signature = BASE64_URL_SAFE_NO_PAD.encode(check.signature());
            let valid = crypto::verify(&signature, check.signing_input(), &pair.verify, pair.theirs);
            check.answer(valid.unwrap_or(false))?
        }
    };
    token.validate(Timestamp::from_secs(now())).map(drop)
}

fn theirs(text: &str, pair: &Pair) -> bool {
    let mut validation = Validation::new(pair.theirs);
    validation.leeway = 5;
    validation.validate_nbf = true;
    validation.set_audience(&["api"]);
    validation.set_issuer(&[ISSUER]);
    jsonwebtoken::decode::<Value>(text, &pair.verify, &validation).is_ok()
}

/// One thing about a token that may be odd.
#[derive(Clone, Debug)]
enum Oddity {
    None,
    Header(&'static str, Value),
    Claim(&'static str, Value),
    DropClaim(&'static str),
    /// Text put into the payload as it is, so that it can be JSON that no serializer writes.
    RawClaim(String),
    /// A time claim, in seconds from now.
    Time(&'static str, f64),
    /// Another spelling of the signed token.
    Replace(usize, char),
    Append(&'static str),
    DropLast,
    Prepend(&'static str),
}

fn oddity() -> impl Strategy<Value = Oddity> {
    let value = || {
        select(vec![
            json!(null),
            json!(1),
            json!(-1),
            json!(1e300),
            json!("x"),
            json!(""),
            json!(["api"]),
            json!(["api", 1]),
            json!([]),
            json!({}),
            json!(true),
            json!(ISSUER),
        ])
    };
    let deep = |depth| format!(r#""deep":{}1{}"#, "[".repeat(depth), "]".repeat(depth));
    // Far enough from every edge that the second in which each side reads the clock does not matter.
    let seconds = select(vec![-1e6, -3600.0, -60.5, 60.25, 600.0, 3500.0, 3700.0, 1e6]);
    prop_oneof![
        2 => Just(Oddity::None),
        2 => (select(vec!["typ", "kid", "crit", "b64", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "cty", "enc", "zip", "url", "nonce", "x"]), value())
            .prop_map(|(name, value)| Oddity::Header(name, value)),
        1 => select(vec!["none", "None", "HS256", "HS512", "RS256", "PS256", "ES256", "ES512", "EdDSA", "", "hs256"])
            .prop_map(|alg| Oddity::Header("alg", json!(alg))),
        1 => select(vec!["logout+jwt", "at+jwt", "JWT", "application/at+jwt", "secevent+jwt"])
            .prop_map(|typ| Oddity::Header("typ", json!(typ))),
        4 => (select(vec!["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "client_id", "azp", "x"]), value())
            .prop_map(|(name, value)| Oddity::Claim(name, value)),
        2 => select(vec!["iss", "aud", "exp", "iat", "jti", "sub"]).prop_map(Oddity::DropClaim),
        2 => (select(vec!["exp", "nbf", "iat"]), seconds).prop_map(|(name, secs)| Oddity::Time(name, secs)),
        1 => select(vec![r#""jti":"a","jti":"b""#, r#""x":{"y":1,"y":2}"#, r#""exp":1e999"#, r#""x":01"#, r#""x":NaN"#])
            .prop_map(|raw| Oddity::RawClaim(raw.into())),
        1 => select(vec![2, 15, 16, 100, 127]).prop_map(move |depth| Oddity::RawClaim(deep(depth))),
        1 => Just(Oddity::RawClaim(format!(r#""x":"{}""#, "y".repeat(9000)))),
        3 => (any::<prop::sample::Index>(), select("AZaz09-_=.+/ é".chars().collect::<Vec<_>>()))
            .prop_map(|(at, letter)| Oddity::Replace(at.index(1 << 12), letter)),
        1 => select(vec!["=", "==", ".", ".e30", " ", "\n", "A", "AAAA"]).prop_map(Oddity::Append),
        1 => Just(Oddity::DropLast),
        1 => select(vec![" ", ".", "A", "Bearer "]).prop_map(Oddity::Prepend),
    ]
}

fn make(pair: &Pair, oddities: &[Oddity]) -> String {
    let mut header = json!({ "alg": pair.ours.name(), "kid": pair.ours.name(), "typ": "JWT" });
    let mut claims =
        json!({ "iss": ISSUER, "aud": "api", "sub": "s", "jti": "j", "iat": now() - 60, "exp": now() + 600 });
    let mut raw = String::new();
    for oddity in oddities {
        match oddity {
            Oddity::Header(name, value) => header[*name] = value.clone(),
            Oddity::Claim(name, value) => claims[*name] = value.clone(),
            Oddity::Time(name, secs) => claims[*name] = json!(now() as f64 + secs),
            Oddity::DropClaim(name) => drop(claims.as_object_mut().unwrap().remove(*name)),
            Oddity::RawClaim(text) => raw = format!("{},", text.clone() + &raw.clone()).replace(",,", ","),
            _ => {}
        }
    }
    let payload = claims.to_string().replacen('{', &format!("{{{raw}"), 1);
    let encode = |text: String| BASE64_URL_SAFE_NO_PAD.encode(text);
    let input = format!("{}.{}", encode(header.to_string()), encode(payload));
    let signature = crypto::sign(input.as_bytes(), &pair.sign, pair.theirs).unwrap();
    let mut text = format!("{input}.{signature}");
    for oddity in oddities {
        match oddity {
            Oddity::Replace(at, letter) => {
                let mut letters: Vec<char> = text.chars().collect();
                let at = at % letters.len();
                letters[at] = *letter;
                text = letters.into_iter().collect();
            }
            Oddity::Append(more) => text.push_str(more),
            Oddity::DropLast => drop(text.pop()),
            Oddity::Prepend(more) => text.insert_str(0, more),
            _ => {}
        }
    }
    text
}

#[test]
fn whatever_we_accept_it_accepts() {
    let seen = Mutex::new(BTreeSet::new());
    let accepted = Mutex::new(0u32);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) };
    let strategy = (0..4usize, prop::collection::vec(oddity(), 0..3));
    let result = proptest::test_runner::TestRunner::new(config).run(&strategy, |(pair, oddities)| {
        let pair = &PAIRS[pair];
        let text = make(pair, &oddities);
        match (ours(&text), theirs(&text, pair)) {
            (Ok(()), true) => *accepted.lock().unwrap() += 1,
            (Ok(()), false) => prop_assert!(false, "we accept and it refuses: {text}"),
            (Err(refusal), true) => {
                prop_assert!(STRICTER.iter().any(|(code, _)| *code == refusal.code()), "{}: {text}", refusal.code());
                seen.lock().unwrap().insert(refusal.code());
            }
            (Err(_), false) => {}
        }
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    // A comparison that never met a good token, or never needed a reason, would have compared nothing.
    let accepted = accepted.into_inner().unwrap();
    assert!(accepted > 1_000, "only {accepted} tokens were accepted");
    let unneeded: Vec<_> = STRICTER.iter().filter(|(code, _)| !seen.lock().unwrap().contains(code)).collect();
    assert!(unneeded.is_empty(), "never seen: {unneeded:?}");
}
