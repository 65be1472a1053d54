use std::time::Duration;

use quash_core::follower::Terms;
use serde_json::{Value, json};

use super::*;

fn secrets(name: &str) -> Option<String> {
    match name {
        "QUASH_PEPPER" | "JWT_SECRET" => Some("a secret of thirty-two bytes, no less".into()),
        "SHORT" => Some("too short".into()),
        "JWK" => Some(r#"{"kty":"EC"}"#.into()),
        "CLIENT" => Some("url-safe_secret_of_a_client_32chars".into()),
        _ => None,
    }
}

fn valid() -> Value {
    json!({
        "origin": { "service": "ORIGIN" },
        "public": ["/", "/assets/*"],
        "token": { "cookies": ["session"] },
        "issuers": [{
            "issuer": "https://issuer.example",
            "audiences": ["api"],
            "max_lifetime": 900,
            "keys": [{ "kid": "1", "alg": "HS256", "secret": "JWT_SECRET" }],
        }],
        "clients": [{ "id": "backend", "secret": "CLIENT" }],
        "logout": { "cookies": [{ "name": "session" }] },
    })
}

fn parse(document: &Value) -> Result<Config, ConfigError> {
    Config::parse(&document.to_string(), secrets).map(|(config, _)| config)
}

#[test]
fn reads_a_configuration_and_its_defaults() {
    let config = parse(&valid()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.origin, Some(Origin::Service("ORIGIN".into())));
    assert_eq!(config.routes.prefix.as_deref(), Some("/auth"));
    assert_eq!(config.routes.mode, Mode::Eventual);
    assert_eq!(config.denylist, "QUASH_DENYLIST");
    assert_eq!(config.routes.clear_site_data.as_deref(), Some(r#""cookies", "storage""#));
}

#[test]
fn who_guards_their_own_routes_has_no_origin() {
    let mut document = valid();
    document.as_object_mut().unwrap().remove("origin");
    assert_eq!(parse(&document).map(|config| config.origin), Ok(None));
}

#[test]
fn an_issuer_may_send_nothing_unless_it_is_said_and_nothing_without_its_secret() {
    let transmitter = |signals: Value, authorization: Option<&str>| {
        let mut document = valid();
        document["issuers"][0].as_object_mut().unwrap().extend(signals.as_object().unwrap().clone());
        let config = parse(&document).unwrap_or_else(|error| panic!("{error}"));
        assert!(config.routes.signals_of(None).is_none() && config.routes.signals_of(Some("https://issuer")).is_none());
        let signals = config.routes.signals_of(Some("https://issuer.example")).unwrap();
        assert!(signals.logout_audiences.is_empty() && signals.revocation_audiences.is_empty());
        signals.check_transmitter(authorization).map_err(|error| error.code())
    };
    let secret = "url-safe_secret_of_a_client_32chars";
    let both = json!({ "event_audiences": ["here"], "event_secret": "CLIENT" });
    assert_eq!(transmitter(json!({}), None), Err("caller_not_allowed"));
    assert_eq!(transmitter(json!({ "event_secret": "CLIENT" }), Some(secret)), Err("caller_not_allowed"));
    assert_eq!(transmitter(json!({ "event_audiences": ["here"] }), None), Ok(()));
    assert_eq!(transmitter(both.clone(), Some(&format!("Bearer {secret}"))), Ok(()));
    for wrong in
        [None, Some(secret), Some("Bearer "), Some("Bearer url"), Some("Basic url-safe_secret_of_a_client_32chars")]
    {
        assert_eq!(transmitter(both.clone(), wrong), Err("client_unknown"), "{wrong:?}");
    }
}

#[test]
fn a_wrong_field_is_named() {
    let key = "/issuers/0/keys/0";
    for (pointer, value, field, problem) in [
        ("/origin", json!({ "url": "https://a.example/path" }), "origin.url", "without a path"),
        ("/origin", json!({ "port": "x" }), "origin.port", "is none of `url`, `service`, `assets`"),
        ("/origin", json!({}), "origin", "must have one of"),
        ("/origin", json!({ "url": "https://a.example", "service": "A" }), "origin", "must have one of"),
        ("/origin", Value::Null, "origin", "must be a table"),
        ("/prefix", json!("auth"), "prefix", "a path like"),
        ("/prefix", json!("/"), "prefix", "a path like"),
        ("/mode", json!("strickt"), "mode", "`strickt` is none of `eventual`"),
        ("/public/1", json!("/a*"), "public[1]", "a path is"),
        ("/ledger", json!({ "audit_days": 0 }), "ledger.audit_days", "between 1 and 3650"),
        ("/peppers", json!([]), "peppers", "at least one"),
        ("/peppers", json!(["NONE"]), "peppers[0]", "no secret `NONE` is set"),
        ("/peppers", json!(["QUASH_PEPPER", "SHORT"]), "peppers[1]", "at least 32 bytes"),
        ("/issuers", json!([]), "issuers", "at least one"),
        ("/issuers/0/token_type", json!("jwt"), "issuers[0].token_type", "`jwt` is none of `JWT`, `at+jwt`"),
        ("/issuers/0/required_claims", json!("sub"), "issuers[0].required_claims", "must be a list"),
        ("/issuers/0/revocable_claims", json!(["a", "sid"]), "issuers[0].revocable_claims[1]", "anyway"),
        ("/issuers/0/revocable_claims", json!(["exp"]), "issuers[0].revocable_claims[0]", "is not a name"),
        (
            "/issuers/0/revocable_claims",
            json!(["a", "b", "c", "d", "e", "f", "g"]),
            "issuers[0].revocable_claims",
            "at most 6",
        ),
        ("/issuers/0/logout_audiences", json!("rp"), "issuers[0].logout_audiences", "must be a list"),
        ("/issuers/0/event_audiences", json!([1]), "issuers[0].event_audiences[0]", "must be a text"),
        ("/issuers/0/event_secret", json!("SHORT"), "issuers[0].event_secret", "at least 32 characters"),
        ("/issuers/0/event_secret", json!("NONE"), "issuers[0].event_secret", "no secret `NONE` is set"),
        ("/issuers/0/revocation_audiences", json!({}), "issuers[0].revocation_audiences", "must be a list"),
        ("/issuers/0/revocation_clients", json!("backend"), "issuers[0].revocation_clients", "must be a list"),
        ("/issuers/0/issuer", json!(""), "issuers[0].issuer", "must not be empty"),
        ("/issuers/0/max_lifetime", json!(0), "issuers[0].max_lifetime", "at least 1 second"),
        ("/issuers/0/max_lifetime", json!(99_999_999), "issuers[0].max_lifetime", "at most"),
        ("/issuers/0/max_lifetime", json!("900"), "issuers[0].max_lifetime", "must be a whole number"),
        ("/issuers/0/max_lifetime", json!(1.5), "issuers[0].max_lifetime", "must be a whole number"),
        ("/issuers/0/max_lifetime", json!(-1), "issuers[0].max_lifetime", "must be a whole number"),
        (
            "/logout/cookies/0",
            json!({ "name": "a", "partitioned": "no" }),
            "logout.cookies[0].partitioned",
            "true or false",
        ),
        ("/token/cookies/0", json!(1), "token.cookies[0]", "must be a text"),
        ("/issuers/0/leeway", json!(301), "issuers[0].leeway", "at most 300 seconds"),
        ("/issuers/0/keys", json!([]), "issuers[0].keys", "at least one"),
        ("/issuers/0/audience", json!("api"), "issuers[0].audience", "is none of `issuer`, `audiences`"),
        (&format!("{key}/alg"), json!("none"), "issuers[0].keys[0].alg", "`none` is none of"),
        (&format!("{key}/secret"), json!("SHORT"), "issuers[0].keys[0].secret", "at least 32 bytes"),
        (&format!("{key}/secret"), json!("NONE"), "issuers[0].keys[0].secret", "no secret `NONE` is set"),
        (key, json!({ "alg": "HS256", "pem": "x" }), "issuers[0].keys[0]", "never a public key"),
        (key, json!({ "alg": "RS256", "secret": "JWT_SECRET" }), "issuers[0].keys[0]", "`secret` is for HMAC"),
        (key, json!({ "alg": "RS256" }), "issuers[0].keys[0]", "either `pem` or `jwk`"),
        (key, json!({ "alg": "ES256", "pem": "key" }), "issuers[0].keys[0].pem", "must be a PEM"),
        (key, json!({ "alg": "ES256", "jwk": { "kty": "RSA" } }), "issuers[0].keys[0].jwk", "not for this algorithm"),
        (
            key,
            json!({ "alg": "ES256", "jwk": { "kty": "EC", "crv": "P-256", "d": "x" } }),
            "issuers[0].keys[0].jwk",
            "private key",
        ),
        (key, json!({ "alg": "HS512", "secret": "JWT_SECRET" }), "issuers[0].keys[0].secret", "at least 64 bytes"),
        (key, json!({ "alg": "PS512", "pem": RSA_1024 }), "issuers[0].keys[0].pem", "less than 2048 bits"),
        (
            key,
            json!({ "alg": "RS256", "jwk": { "kty": "RSA", "n": "rsk3", "e": "AQAB" } }),
            "issuers[0].keys[0].jwk",
            "less than 2048 bits",
        ),
        ("/issuers/0/jwks_uri", json!("http://issuer.example/jwks"), "issuers[0].jwks_uri", "an https address"),
        ("/issuers/0/metadata", json!("issuer.example"), "issuers[0].metadata", "an https address"),
        ("/routes", json!([{ "path": "/a*" }]), "routes[0].path", "a path is"),
        ("/routes", json!([{ "path": "/a", "scopes": ["a b"] }]), "routes[0].scopes[0]", "is no scope"),
        (
            "/routes",
            json!([{ "path": "/a", "outage": "open" }]),
            "routes[0].outage",
            "`open` is none of `closed`, `last_known_good`, `danger_open`",
        ),
        ("/routes", json!([{ "path": "/a", "outage": "last_known_good" }]), "routes[0]", "`max_age` is missing"),
        (
            "/routes",
            json!([{ "path": "/a", "outage": "last_known_good", "max_age": 60 }]),
            "routes[0].outage",
            "are `bounded`",
        ),
        ("/routes", json!([{ "path": "/a", "max_age": 5 }]), "routes[0].max_age", "only"),
        ("/routes", json!([{ "path": "/a", "mode": "strict" }]), "routes[0].mode", "needs `ledger`"),
        ("/mode", json!("bounded"), "mode", "needs `ledger`"),
        ("/ledger", json!({ "max_staleness": 0 }), "ledger.max_staleness", "between 1 and 60"),
        ("/ledger", json!({ "max_staleness": 61 }), "ledger.max_staleness", "between 1 and 60"),
        ("/ledger", json!({ "exact": 999 }), "ledger.exact", "between 1000 and 4294967295"),
        ("/ledger", json!({ "exact": 1u64 << 32 }), "ledger.exact", "between 1000 and 4294967295"),
        ("/ledger", json!({ "shards": 0 }), "ledger.shards", "between 1 and 255"),
        ("/ledger", json!({ "shards": 257 }), "ledger.shards", "between 1 and 255"),
        ("/clients/0/secret", json!("SHORT"), "clients[0].secret", "at least 32"),
        ("/clients/0", json!({ "id": "a" }), "clients[0]", "`secret` is missing"),
        ("/clients/0/may", json!(["revoke", "inspect"]), "clients[0].may[1]", "`inspect` is none of `revoke`"),
        ("/clients/0/audiences", json!(["api"]), "clients[0].audiences", "may `introspect`"),
        ("/clients/0", json!({ "id": "a", "jwks_uri": "https://a.example" }), "clients[0]", "needs `ledger`"),
        ("/server", json!({ "url": "edge.example" }), "server.url", "must be an origin"),
        ("/server", json!({ "metadata": true }), "server", "`url` is missing"),
        (
            "/server",
            json!({ "url": "https://a.example", "signing_keys": [{ "alg": "ES256", "secret": "JWK" }] }),
            "server.signing_keys[0]",
            "`kid` is missing",
        ),
        (
            "/server",
            json!({ "url": "https://a.example", "signing_keys": [{ "kid": "a", "alg": "HS256", "secret": "JWT_SECRET" }] }),
            "server.signing_keys[0].alg",
            "must not be able to sign",
        ),
        (
            "/server",
            json!({ "url": "https://a.example", "signing_keys": [{ "kid": "a", "alg": "ES256", "secret": "JWT_SECRET" }] }),
            "server.signing_keys[0].secret",
            "must be a private key as a JWK",
        ),
        (
            "/server",
            json!({ "url": "https://a.example", "signing_keys": [
                { "kid": "a", "alg": "ES256", "secret": "JWK" }, { "kid": "a", "alg": "ES384", "secret": "JWK" },
            ] }),
            "server.signing_keys[1].kid",
            "another key has it",
        ),
        (
            "/issuers/0/status_issuer",
            json!({ "alg": "HS256", "secret": "JWT_SECRET", "count": 65 }),
            "issuers[0].status_issuer",
            "needs `ledger`",
        ),
        ("/verify", json!({ "uri": "Path" }), "verify.uri", "is spelt `path`"),
        (
            "/clients",
            json!([{ "id": "a", "secret": "CLIENT" }, { "id": "a", "secret": "CLIENT" }]),
            "clients[1].id",
            "is there already",
        ),
        (
            "/clients/0",
            json!({ "id": "a", "secret": "CLIENT", "may": ["introspect"], "audiences": [] }),
            "clients[0].audiences",
            "must name one",
        ),
        ("/issuers/0/revocation_clients", json!(["nobody"]), "issuers[0].revocation_clients[0]", "none of `clients`"),
        ("/verify", json!({}), "verify", "`uri` is missing"),
        ("/verify", json!({ "uri": "X Y" }), "verify.uri", "the name of a header"),
        ("/verify", json!({ "uri": "X-Y", "method": "" }), "verify.method", "the name of a header"),
        ("/verify", json!({ "uri": "path", "method": "X-Y" }), "verify.method", "the request's own"),
        ("/logout/cookies/0", json!({ "name": "a;b" }), "logout.cookies[0]", "token characters"),
        ("/logout/clear_site_data", json!(["everything"]), "logout.clear_site_data[0]", "must be `cookies`"),
        ("/logout/allowed_origins", json!(["app.example"]), "logout.allowed_origins[0]", "must be an origin"),
    ] {
        let mut document = valid();
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap() {
            Value::Array(items) => items[member.parse::<usize>().unwrap()] = value,
            parent => parent[member] = value,
        }
        let error = parse(&document).err().unwrap_or_else(|| panic!("{pointer} was accepted"));
        assert_eq!(error.field, format!("QUASH.{field}"), "{error}");
        assert!(error.problem.contains(problem), "{error}");
    }
}

#[test]
fn with_a_ledger_revocations_are_followed() {
    let with = |member: &str, value: Value| {
        let mut document = valid();
        document["ledger"] = json!({});
        document[member] = value;
        parse(&document).unwrap_or_else(|error| panic!("{error}"))
    };
    let config = with("ledger", json!({}));
    let ledger = config.ledger.unwrap();
    assert_eq!(
        (config.routes.mode, ledger.binding.as_str(), ledger.terms),
        (Mode::Bounded, "QUASH_LEDGER", Terms::default())
    );
    let terms = with("ledger", json!({ "max_staleness": 1, "shards": 4 })).ledger.unwrap().terms;
    assert_eq!((terms.max_staleness.as_secs(), terms.shards.get()), (1, 4));
    assert_eq!(with("mode", json!("eventual")).routes.mode, Mode::Eventual);
    with("routes", json!([{ "path": "/a", "mode": "strict", "outage": "danger_open" }]));
}

#[test]
fn what_was_last_known_must_be_of_a_known_age_and_older_than_what_is_fresh() {
    let parse = |mode: &str, route: Value| {
        let mut document = valid();
        document["ledger"] = json!({ "max_staleness": 10 });
        document["mode"] = json!(mode);
        document["routes"] = json!([route]);
        parse(&document).map(drop).map_err(|ConfigError { field, problem }| (field, problem))
    };
    let known = |max_age: u64| json!({ "path": "/a", "outage": "last_known_good", "max_age": max_age });
    let in_mode = |mode: &str| json!({ "path": "/a", "mode": mode, "outage": "last_known_good", "max_age": 60 });
    assert_eq!(parse("bounded", known(11)), Ok(()));
    for max_age in [0, 10] {
        let (field, problem) = parse("bounded", known(max_age)).unwrap_err();
        assert_eq!(field, "QUASH.routes[0].max_age");
        assert_eq!(problem, "must be more than `max_staleness`, which is 10");
    }
    assert_eq!(parse("strict", in_mode("bounded")), Ok(()));
    for (default, route) in [
        ("eventual", known(60)),
        ("strict", known(60)),
        ("danger_isolate", known(60)),
        ("bounded", in_mode("eventual")),
        ("bounded", in_mode("strict")),
        ("bounded", in_mode("danger_isolate")),
    ] {
        let (field, problem) = parse(default, route).unwrap_err();
        assert_eq!(field, "QUASH.routes[0].outage");
        assert!(problem.contains("is for routes that are `bounded`"), "{problem}");
    }
}

#[test]
fn an_issuer_may_publish_its_keys() {
    let published = |members: Value| {
        let mut document = valid();
        let issuer = document.pointer_mut("/issuers/0").and_then(Value::as_object_mut).unwrap();
        issuer.remove("keys");
        issuer.extend(members.as_object().unwrap().clone());
        Config::parse(&document.to_string(), secrets)
            .map(|(_, trust)| trust.key_sets.len())
            .map_err(|error| error.field)
    };
    let uri = "https://issuer.example/jwks";
    let wrong = |field: &str| Err(format!("QUASH.issuers[0].{field}"));
    assert_eq!(published(json!({ "jwks_uri": uri })), Ok(1));
    assert_eq!(published(json!({ "metadata": uri, "algorithms": ["ES256"], "max_stale": 0 })), Ok(1));
    assert_eq!(published(json!({})), wrong("keys"));
    assert_eq!(published(json!({ "jwks_uri": uri, "metadata": uri })), wrong("metadata"));
    assert_eq!(published(json!({ "jwks_uri": uri, "max_stale": 86_401 })), wrong("max_stale"));
    assert_eq!(published(json!({ "jwks_uri": uri, "algorithms": [] })), wrong("algorithms"));
    // No secret is ever published.
    assert_eq!(published(json!({ "jwks_uri": uri, "algorithms": ["ES256", "HS256"] })), wrong("algorithms[1]"));
}

#[test]
fn refresh_tokens_are_exchanged_where_it_is_said_with_what_and_somebody_can_tell_how_often() {
    let read = |refresh: Value, has_ledger: bool| {
        let mut document = valid();
        document["issuers"][0]["refresh"] = refresh;
        if has_ledger {
            document["ledger"] = json!({});
        }
        parse(&document)
    };
    let key = |more: Value| {
        let mut refresh = json!({ "alg": "HS256", "secret": "JWT_SECRET" });
        refresh.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        refresh
    };
    let config = read(key(json!({ "cookie": { "name": "refresh", "path": "/auth" } })), true).unwrap();
    let (index, refresh) = config.routes.refresh_of("https://issuer.example").unwrap();
    assert_eq!((index, refresh.key.id.as_deref(), refresh.lifetime), (0, None, None));
    assert_eq!((refresh.access_lifetime, refresh.grace), (Duration::from_secs(900), Duration::from_secs(10)));
    assert_eq!(refresh.audiences, ["api"]);
    assert!(!format!("{:?}", refresh.key).contains("a secret"));
    // A logout expires its cookie, too.
    assert_eq!(config.routes.refresh_cookies, ["refresh"]);
    assert_eq!(
        config.routes.expired_cookies.iter().map(|cookie| cookie.name()).collect::<Vec<_>>(),
        ["session", "refresh"]
    );
    assert!(config.routes.refresh_of("https://other.example").is_none());
    for (refresh, has_ledger, field, problem) in [
        (key(json!({})), false, "", "needs `ledger`"),
        (key(json!({ "lifetime": 901 })), true, ".lifetime", "at most the issuer's `max_lifetime`"),
        (key(json!({ "access_lifetime": 0 })), true, ".access_lifetime", "at least 1 second"),
        (key(json!({ "grace": 61 })), true, ".grace", "at most 60 seconds"),
        (key(json!({ "alg": "ES256" })), true, ".secret", "must be a private key as a JWK"),
        (key(json!({ "secret": "SHORT" })), true, ".secret", "at least 32 bytes"),
        (key(json!({ "secret": "NONE" })), true, ".secret", "no secret `NONE` is set"),
        (key(json!({ "cookie": { "name": "a b" } })), true, ".cookie", "token characters"),
        (json!({ "secret": "JWT_SECRET" }), true, "", "`alg` is missing"),
        (json!({ "alg": "HS256" }), true, "", "`secret` is missing"),
    ] {
        let error = read(refresh, has_ledger).err().unwrap();
        assert_eq!(error.field, format!("QUASH.issuers[0].refresh{field}"), "{error}");
        assert!(error.problem.contains(problem), "{error}");
    }
}

#[test]
fn a_client_that_signs_needs_what_keeps_its_assertions_from_being_used_twice_and_a_name_for_us() {
    let key = json!({ "alg": "HS256", "secret": "JWT_SECRET" });
    let with = |clients: Value, server: Value| {
        let mut document = valid();
        document["ledger"] = json!({});
        document["clients"] = clients;
        if !server.is_null() {
            document["server"] = server;
        }
        parse(&document).map(|config| config.routes.server.as_ref().map(|server| server.audiences.clone()))
    };
    let server = || json!({ "url": "https://edge.example", "audiences": ["https://issuer.example/token"] });
    let client = json!({ "id": "a", "keys": [key] });
    let audiences = with(json!([client]), server()).unwrap().unwrap();
    let own = ["", "/auth/revoke", "/auth/introspect", "/auth/token"].map(|path| format!("https://edge.example{path}"));
    assert_eq!(audiences[..4], own);
    assert_eq!(audiences[4..], ["https://issuer.example/token"]);
    for (clients, server, field, problem) in [
        (json!([client]), Value::Null, "clients[0]", "needs `server.url`"),
        (json!([client, client]), server(), "clients[1].id", "is there already"),
        (json!([{ "id": "a", "keys": [] }]), server(), "clients[0].keys", "at least one"),
        (json!([{ "id": "a", "keys": [key, key] }]), server(), "clients", "has the id of another key"),
        (
            json!([{ "id": "a", "keys": [key], "max_lifetime": 3601 }]),
            server(),
            "clients[0].max_lifetime",
            "at most 3600",
        ),
        (json!([{ "id": "a", "keys": [{ "alg": "HS256" }] }]), server(), "clients[0].keys[0]", "needs `secret`"),
        (json!([{ "id": "a", "jwks_uri": "http://a.example" }]), server(), "clients[0].jwks_uri", "https"),
    ] {
        let error = with(clients, server).err().unwrap();
        assert_eq!(error.field, format!("QUASH.{field}"), "{error}");
        assert!(error.problem.contains(problem), "{error}");
    }
}

#[test]
fn who_may_do_what_has_to_be_said() {
    let rights = |client: Value| {
        let mut document = valid();
        document["clients"] = json!([client]);
        let config = parse(&document).unwrap_or_else(|error| panic!("{error}"));
        let client = &config.routes.clients[0];
        (client.may_revoke(), client.introspects().map(<[String]>::to_vec))
    };
    let with = |rights: Value| json!({ "id": "a", "secret": "CLIENT", "may": rights });
    assert_eq!(rights(json!({ "id": "a", "secret": "CLIENT" })), (true, None));
    assert_eq!(rights(with(json!(["introspect"]))), (false, Some(vec![])));
    assert_eq!(rights(with(json!(["introspect", "revoke"]))), (true, Some(vec![])));
    assert_eq!(rights(with(json!([]))), (false, None));
}

#[test]
fn an_issuer_has_each_key_once() {
    let mut document = valid();
    let keys = document.pointer_mut("/issuers/0/keys").and_then(Value::as_array_mut).unwrap();
    keys.push(keys[0].clone());
    assert_eq!(parse(&document).err().unwrap().field, "QUASH.issuers[0].keys[1].kid");
}

/// Too short to be taken.
const RSA_1024: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCuI70k0k1ZwjBbh3qkIqnpOlqOyAW5jTQL511bbImBTPxEQdlBiZEPk8VNn0F5tVcgiHCECh3lc2bz3F6afKzZpdBh
fKjMYyATaxWOnJJ0MNaZZiFE9AE1SgTAaOvGj8XbdMai81IAvkpZ5G0WkXQ3OXG8p//M63zeVG7mfGG46wIDAQAB
-----END PUBLIC KEY-----";

#[test]
fn a_server_has_a_store_in_place_of_what_workers_have() {
    let valid = || {
        let mut document = valid();
        let members = document.as_object_mut().unwrap();
        members.retain(|name, _| !["origin", "clients"].contains(&name.as_str()));
        document
    };
    let parse = |document: &Value| StoreConfig::parse(&document.to_string(), secrets).map(|(config, _)| config);
    let config = parse(&valid()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((config.terms, config.routes.mode, &config.routes.prefix), (Terms::default(), Mode::Bounded, &None));
    let mut document = valid();
    document["issuers"][0]["event_secret"] = json!("CLIENT");
    let error = parse(&document).map(|_| "taken").unwrap_err();
    assert_eq!((error.field.as_str(), &error.problem[..15]), ("QUASH.issuers[0].event_secret", "is for the edge"));
    let mut document = valid();
    document["max_staleness"] = json!(60);
    document["mode"] = json!("strict");
    let config = parse(&document).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((config.terms.max_staleness.as_secs(), config.routes.mode), (60, Mode::Strict));
    for (field, value, problem) in [
        ("origin", json!({ "service": "ORIGIN" }), "is none of"),
        ("ledger", json!({}), "is none of"),
        ("denylist", json!("KV"), "is none of"),
        ("prefix", json!("/auth"), "is none of"),
        ("max_staleness", json!(61), "between 1 and 60"),
        ("mode", json!("eventual"), "is for Workers KV"),
        ("routes", json!([{ "path": "/a", "mode": "eventual" }]), "is for Workers KV"),
        ("routes", json!([{ "path": "/a", "outage": "last_known_good", "max_age": 5 }]), "more than `max_staleness`"),
        ("peppers", json!(["MISSING"]), "no secret `MISSING` is set"),
    ] {
        let mut document = valid();
        document[field] = value;
        let error = parse(&document).map(|_| "taken").unwrap_err();
        assert!(error.field.starts_with(&format!("QUASH.{field}")), "{error}");
        assert!(error.problem.contains(problem) && !error.problem.contains("wrangler"), "{error}");
    }
}

#[test]
fn status_lists_are_read_where_they_may_be_and_for_as_long() {
    let mut document = valid();
    let list = json!({ "uris": ["https://issuer.example/lists/"], "required": true, "max_age": 10 });
    document["issuers"][0]["status_lists"] = list.clone();
    let (_, trust) = Config::parse(&document.to_string(), secrets).unwrap_or_else(|error| panic!("{error}"));
    assert!(trust.issuers_with_status_lists().eq(["https://issuer.example"]));
    for (field, value, wrong) in [
        ("uris", json!(null), "uris"),
        ("uris", json!([]), "uris"),
        ("uris", json!(["http://issuer.example/lists/"]), "uris[0]"),
        ("uris", json!(["https://issuer.example"]), "uris[0]"),
        ("uris", json!(["https://issuer.example/", "https://issuer.example/../"]), "uris[1]"),
        ("required", json!("yes"), "required"),
        ("max_age", json!(9), "max_age"),
        ("max_age", json!(86_401), "max_age"),
        ("ttl", json!(60), "ttl"),
    ] {
        document["issuers"][0]["status_lists"] = list.clone();
        document["issuers"][0]["status_lists"][field] = value;
        let error = parse(&document).map(drop).unwrap_err();
        assert_eq!(error.field, format!("QUASH.issuers[0].status_lists.{wrong}"));
    }
    let (_, trust) = Config::parse(&valid().to_string(), secrets).unwrap();
    assert_eq!(trust.issuers_with_status_lists().count(), 0);
}

#[test]
fn two_issuers_share_no_status_list_and_lists_are_of_a_size() {
    let parsed = |first: u64, more: Value| {
        let mut document = valid();
        document["ledger"] = json!({});
        document["server"] = json!({ "url": "https://edge.example" });
        let lists = json!({ "alg": "HS256", "secret": "JWT_SECRET" });
        document["issuers"][0]["status_issuer"] = lists.clone();
        document["issuers"][0]["status_issuer"]["count"] = json!(2);
        let mut other = document["issuers"][0].clone();
        other["issuer"] = json!("https://other.example");
        other["status_issuer"] = lists;
        other["status_issuer"]["first"] = json!(first);
        other["status_issuer"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        document["issuers"].as_array_mut().unwrap().push(other);
        parse(&document).map(drop).map_err(|error| error.field)
    };
    let wrong = |name: &str| Err(format!("QUASH.issuers[1].status_issuer.{name}"));
    assert_eq!(parsed(2, json!({})), Ok(()));
    assert_eq!(parsed(1, json!({})), wrong("first"));
    assert_eq!(parsed(64, json!({})), wrong("first"));
    assert_eq!(parsed(u64::MAX / 16, json!({})), wrong("first"));
    assert_eq!(parsed(63, json!({ "count": 2 })), wrong("count"));
    assert_eq!(parsed(2, json!({ "size": 1023 })), wrong("size"));
    assert_eq!(parsed(2, json!({ "ttl": 0 })), wrong("ttl"));
}
