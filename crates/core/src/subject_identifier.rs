//! Subject identifiers (RFC 9493): how security events, and requests to revoke everything of somebody, say whom they mean.

use alloc::vec::Vec;

use crate::{
    Issuer, Refusal, Target,
    json::{Object, Value},
};

/// What is to end of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// A session, if one is named.
    Session,
    /// Everything that a user has, if one is named.
    User,
}

/// What a subject identifier names among what is the issuer's: several targets for several aliases of one subject.
///
/// A complex subject (OpenID Shared Signals Framework 1.0, "Complex Subject Members"; without `format` in its drafts) means what
/// all its members mean together. Its session is taken if it has one that can be revoked, else its user, else its device where tokens have a
/// claim of that name that is revocable: which may be more than was meant and is never less. What ends everything that a user
/// has ([`Ends::User`]) takes the user first.
///
/// # Errors
/// [`Refusal::SubjectUnsupported`] when it names nothing that a revocation can.
pub(crate) fn targets<'a>(identifier: Object<'a>, issuer: &Issuer, ends: Ends) -> Result<Vec<Target<'a>>, Refusal> {
    let mut targets = Vec::new();
    match identifier.get("format") {
        None | Some(Value::String("complex")) => {
            let member = |name| identifier.get(name).and_then(Value::as_object);
            let session = || simple(member("session")?, issuer, Target::Session);
            let user = || simple(member("user")?, issuer, Target::Subject);
            let device = || {
                let device = member("device").filter(|_| is_revocable(issuer, "device"))?;
                simple(device, issuer, Target::Subject).map(|target| match target {
                    Target::Subject(value) => Target::Claim { name: "device", value },
                    other => other,
                })
            };
            targets.extend(match ends {
                Ends::Session => session().or_else(user).or_else(device),
                Ends::User => user().or_else(session).or_else(device),
            });
        }
        // RFC 9493 section 3.2.8: aliases do not nest.
        Some(Value::String("aliases")) => {
            if let Some(Value::Array(identifiers)) = identifier.get("identifiers") {
                let identifiers = identifiers.items().filter_map(Value::as_object);
                targets.extend(identifiers.filter_map(|identifier| simple(identifier, issuer, Target::Subject)));
            }
        }
        _ => targets.extend(simple(identifier, issuer, Target::Subject)),
    }
    if targets.is_empty() { Err(Refusal::SubjectUnsupported) } else { Ok(targets) }
}

/// An identifier that stands for itself. What an opaque one names (RFC 9493 section 3.2.4), its place says.
fn simple<'a>(
    identifier: Object<'a>,
    issuer: &Issuer,
    opaque: impl FnOnce(&'a str) -> Target<'a>,
) -> Option<Target<'a>> {
    let member = |name| string(identifier, name);
    // An issuer revokes what is its own. And a claim that is not revocable is not looked up, so no entry for it could be right.
    let is_its_own = || member("iss") == Some(issuer.name.as_str());
    let claim = |name: &'static str| {
        let value = member(name)?;
        is_revocable(issuer, name).then_some(Target::Claim { name, value })
    };
    match member("format")? {
        "opaque" => member("id").map(opaque),
        "iss_sub" if is_its_own() => member("sub").map(Target::Subject),
        // With a hyphen in the drafts of the Shared Signals Framework, which defines it.
        "jwt_id" | "jwt-id" if is_its_own() => member("jti").map(Target::TokenId),
        "email" => claim("email"),
        "phone_number" => claim("phone_number"),
        _ => None,
    }
}

fn is_revocable(issuer: &Issuer, claim: &str) -> bool {
    issuer.revocable_claims.iter().any(|revocable| **revocable == *claim)
}

fn string<'a>(object: Object<'a>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use std::vec;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{fixtures::issuer, json::Document};

    fn check(json: &str, expected: &[Target<'_>]) {
        let document = Document::parse(json.into()).unwrap();
        let issuer = Issuer { revocable_claims: vec!["email".into()], ..issuer("a") };
        let expected = if expected.is_empty() { Err(Refusal::SubjectUnsupported) } else { Ok(expected.into()) };
        assert_eq!(targets(document.object(), &issuer, Ends::Session), expected, "{json}");
    }

    #[test]
    fn reads_each_format_that_can_be_revoked() {
        let mail = Target::Claim { name: "email", value: "ann@a.example" };
        check(r#"{"format":"iss_sub","iss":"a","sub":"ann"}"#, &[Target::Subject("ann")]);
        check(r#"{"format":"opaque","id":"ann"}"#, &[Target::Subject("ann")]);
        check(r#"{"format":"jwt_id","iss":"a","jti":"j"}"#, &[Target::TokenId("j")]);
        check(r#"{"format":"jwt-id","iss":"a","jti":"j"}"#, &[Target::TokenId("j")]);
        check(r#"{"format":"email","email":"ann@a.example"}"#, &[mail]);
        check(
            r#"{"format":"aliases","identifiers":[
                {"format":"iss_sub","iss":"a","sub":"ann"},
                {"format":"did","url":"did:example:1"},
                {"format":"email","email":"ann@a.example"}
            ]}"#,
            &[Target::Subject("ann"), mail],
        );
    }

    #[test]
    fn a_claim_has_to_be_revocable() {
        let document = Document::parse(br#"{"format":"phone_number","phone_number":"+12065550100"}"#.into()).unwrap();
        let mut issuer = issuer("a");
        assert_eq!(targets(document.object(), &issuer, Ends::Session), Err(Refusal::SubjectUnsupported));
        issuer.revocable_claims.push("phone_number".into());
        let phone = Target::Claim { name: "phone_number", value: "+12065550100" };
        assert_eq!(targets(document.object(), &issuer, Ends::Session), Ok(vec![phone]));
    }

    #[test]
    fn a_device_is_a_claim_of_its_name() {
        let document =
            Document::parse(br#"{"format":"complex","device":{"format":"opaque","id":"d"}}"#.into()).unwrap();
        let issuer = Issuer { revocable_claims: vec!["device".into()], ..issuer("a") };
        let device = Target::Claim { name: "device", value: "d" };
        assert_eq!(targets(document.object(), &issuer, Ends::Session), Ok(vec![device]));
    }

    #[test]
    fn a_complex_subject_is_its_session_or_else_its_user() {
        let user = r#""user":{"format":"iss_sub","iss":"a","sub":"ann"}"#;
        let session = r#""session":{"format":"opaque","id":"s"}"#;
        let tenant = r#""tenant":{"format":"opaque","id":"t"}"#;
        let complex = |members: &[&str]| std::format!(r#"{{"format":"complex",{}}}"#, members.join(","));
        check(&complex(&[user, session, tenant]), &[Target::Session("s")]);
        check(&complex(&[user, tenant]), &[Target::Subject("ann")]);
        check(&std::format!("{{{session},{tenant}}}"), &[Target::Session("s")]);
        check(&complex(&[tenant]), &[]);
        check(&complex(&[user, r#""session":"s""#]), &[Target::Subject("ann")]);
        check(&complex(&[user, r#""session":{"format":"uri","uri":"x:y"}"#]), &[Target::Subject("ann")]);
        check(&complex(&[r#""session":"s""#]), &[]);
        let device = r#""device":{"format":"opaque","id":"d"}"#;
        check(&complex(&[device]), &[]);
        check(&complex(&[device, user]), &[Target::Subject("ann")]);
        check(&complex(&[r#""user":{"format":"opaque","id":"ann"}"#]), &[Target::Subject("ann")]);
    }

    #[test]
    fn what_ends_all_of_a_user_ends_no_session_alone() {
        for (json, expected) in [
            (r#"{"user":{"format":"opaque","id":"u"},"session":{"format":"opaque","id":"s"}}"#, Target::Subject("u")),
            (r#"{"session":{"format":"opaque","id":"s"}}"#, Target::Session("s")),
            (r#"{"user":{"format":"did","url":"x:y"},"session":{"format":"opaque","id":"s"}}"#, Target::Session("s")),
        ] {
            let document = Document::parse(json.into()).unwrap();
            assert_eq!(targets(document.object(), &issuer("a"), Ends::User), Ok(vec![expected]), "{json}");
        }
    }

    #[test]
    fn what_cannot_be_named_is_not_guessed() {
        for json in [
            "{}",
            r#"{"format":"iss_sub","iss":"b","sub":"ann"}"#,
            r#"{"format":"iss_sub","sub":"ann"}"#,
            r#"{"format":"iss_sub","iss":"a"}"#,
            r#"{"format":"iss_sub","iss":"a","sub":1}"#,
            r#"{"format":"jwt_id","iss":"b","jti":"j"}"#,
            r#"{"format":"phone_number","phone_number":"+12065550100"}"#,
            r#"{"format":"email","id":"ann@a.example"}"#,
            r#"{"format":"did","url":"did:example:1"}"#,
            r#"{"format":"account","uri":"acct:ann@a.example"}"#,
            r#"{"format":["opaque"],"id":"ann"}"#,
            r#"{"format":1,"session":{"format":"opaque","id":"s"}}"#,
            r#"{"format":"aliases","identifiers":[]}"#,
            r#"{"format":"aliases","identifiers":["ann"]}"#,
            r#"{"format":"aliases","identifiers":{"format":"opaque","id":"ann"}}"#,
            r#"{"format":"aliases","identifiers":[{"format":"aliases","identifiers":[{"format":"opaque","id":"ann"}]}]}"#,
            r#"{"id":"ann"}"#,
        ] {
            check(json, &[]);
        }
    }
}
