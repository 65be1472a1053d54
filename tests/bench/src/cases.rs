//! What a request costs: everything that is asked of `quash-core` for one is here.

use core::error::Error;
use core::hint::black_box;
use core::time::Duration;

use quash_core::{
    Algorithm, Cover, Cutoff, HostKey, Issuer, Issuers, Key, Namespace, Pepper, Peppers, Reason, Refusal, Revocation,
    Target, Timestamp, TokenIds, UnverifiedToken, Verification,
};

/// An access token of 398 bytes (RFC 9068): `iss`, `sub`, `aud`, `iat`, `exp`, `jti`, `sid`, `client_id` and `scope`, signed
/// with ES256. The JavaScript peer decodes the same file.
const TOKEN: &str = include_str!("../token.txt").trim_ascii();

const ISSUER: &str = "https://id.example";
const SESSION: &str = "7Q2fX9Lm";
const NOW: Timestamp = Timestamp::from_secs(1_795_469_000);

/// Whether every iteration came out as it should: an early refusal would pass for speed.
pub type Outcome = Result<(), Box<dyn Error>>;

/// [`UnverifiedToken::parse`].
///
/// # Errors
/// When the token is refused.
pub fn parse(iterations: u32) -> Outcome {
    repeat(iterations, || UnverifiedToken::parse(black_box(TOKEN)))
}

/// One [`Namespace::id`], of a session.
///
/// # Errors
/// When there is no such pepper.
pub fn id(iterations: u32) -> Outcome {
    let namespace = namespace()?;
    let session = Target::Session(SESSION);
    repeat(iterations, || Ok::<_, Refusal>(black_box(&namespace).id(black_box(&session))))
}

/// [`TokenIds::verdict`] of a valid token, given one entry that is about something else.
///
/// # Errors
/// When the token is refused.
pub fn verdict(iterations: u32) -> Outcome {
    let Edge { issuers, entries } = Edge::new()?;
    let ids = admit(&issuers, TOKEN)?;
    repeat(iterations, || Ok::<_, Refusal>(black_box(&ids).verdict(black_box(&entries))))
}

/// Everything that a request costs but the signature: from the token's text to the verdict.
///
/// # Errors
/// When the token is refused.
pub fn pipeline(iterations: u32) -> Outcome {
    let edge = Edge::new()?;
    repeat(iterations, || {
        let Edge { issuers, entries } = black_box(&edge);
        Ok::<_, Refusal>(admit(issuers, black_box(TOKEN))?.verdict(entries))
    })
}

fn repeat<T, E: Error + 'static>(iterations: u32, case: impl Fn() -> Result<T, E>) -> Outcome {
    for _ in 0..iterations {
        black_box(case()?);
    }
    Ok(())
}

/// What a host has at hand for all requests, and what its denylist has answered.
struct Edge {
    issuers: Issuers,
    entries: [Revocation; 1],
}

impl Edge {
    fn new() -> Result<Self, Box<dyn Error>> {
        // The host holds it, so that the signature is the host's to check: here nobody does.
        let key = Key::held_by_host(Some("1".into()), Algorithm::Es256, HostKey(0));
        let issuer = Issuer { audiences: vec!["api".into()], ..Issuer::new(ISSUER, Duration::from_secs(900)) };
        let peppers = Peppers::new(vec![pepper()?]).ok_or("no pepper")?;
        let entry = Revocation {
            id: namespace()?.id(&Target::Session("another")),
            cover: Cover::everyone(Cutoff::Always),
            expires_at: NOW,
            revoked_at: NOW,
            reason: Reason::Logout,
        };
        Ok(Self { issuers: Issuers::new(vec![(issuer, vec![key])], &peppers)?, entries: [entry] })
    }
}

fn pepper() -> Result<Pepper, Box<dyn Error>> {
    Ok(Pepper::new(b"a secret of at least thirty-two bytes")?)
}

fn namespace() -> Result<Namespace, Box<dyn Error>> {
    Ok(pepper()?.namespace(ISSUER))
}

/// The ids to look a token up by, if its claims are in force.
fn admit(issuers: &Issuers, text: &str) -> Result<TokenIds, Refusal> {
    let token = match issuers.verify(UnverifiedToken::parse(text)?)? {
        Verification::Ask(check) => check.answer(true)?,
        Verification::Verified(token) => token,
    };
    Ok(token.validate(NOW)?.ids())
}

#[cfg(test)]
mod tests {
    use quash_core::Verdict;

    use super::*;

    #[test]
    fn the_token_is_the_one_that_the_figures_are_about() {
        assert!((390..=410).contains(&TOKEN.len()), "{} bytes", TOKEN.len());
        let token = UnverifiedToken::parse(TOKEN).unwrap();
        assert_eq!(token.signature().len(), 64);
        let edge = Edge::new().unwrap();
        let Ok(Verification::Ask(check)) = edge.issuers.verify(token) else { panic!("the host is not asked") };
        let token = check.answer(true).unwrap();
        let claims = token.claims();
        assert_eq!(claims.session(), Some(SESSION));
        assert!(["sub", "jti", "client_id", "scope"].iter().all(|name| claims.string(name).is_some()));
    }

    #[test]
    fn the_pipeline_ends_in_a_verdict_on_every_id() {
        let Edge { issuers, entries } = Edge::new().unwrap();
        let ids = admit(&issuers, TOKEN).unwrap();
        assert_eq!(ids.iter().count(), 6);
        assert_eq!(ids.verdict(&entries), Verdict::NotRevoked { until: Timestamp::from_secs(1_795_469_730) });
    }

    #[test]
    fn every_case_runs() {
        for case in [parse, id, verdict, pipeline] {
            case(2).unwrap();
        }
    }
}
