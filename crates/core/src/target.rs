use hmac::Mac;

/// What a revocation names, always within one issuer: two issuers may give the same `jti` or `sub` to different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// What of that issuer's.
    pub name: Name<'a>,
}

/// What of an issuer's is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Name<'a> {
    /// One token, by its `jti` (RFC 7519 section 4.1.7).
    TokenId(&'a str),
    /// One token without a `jti`, by the SHA-256 of `header.payload`. Never of the signature, let alone the whole token: an
    /// ECDSA signature (r, s) has the equally valid twin (r, n−s), and whoever holds one can write down the other.
    SigningInput([u8; 32]),
    /// All tokens of a session, by `sid`.
    Session(&'a str),
    /// All tokens of an end-user, by `sub`.
    Subject(&'a str),
    /// All tokens issued to a client, by `client_id` or `azp`.
    Client(&'a str),
    /// All tokens signed with a key, by `kid`.
    Key(&'a str),
    /// All tokens with this value of a claim: a device, a tenant.
    Claim {
        /// The claim's name.
        name: &'a str,
        /// Its value.
        value: &'a str,
    },
    /// All tokens of the issuer.
    Everything,
}

/// Ends the domain: no other use of HMAC with the pepper may start with these bytes.
pub(crate) const DOMAIN: &[u8] = b"quash/target/v1\0";

impl Target<'_> {
    /// Feeds the target's one encoding to `mac`, begun with [`DOMAIN`]: a byte for the kind, then each field with its length before it as
    /// a big-endian `u32`, so that no two targets can encode alike however their fields are shifted.
    ///
    /// Stored keys depend on every byte of it: a change needs a migration of every denylist.
    pub(crate) fn encode(&self, mac: &mut impl Mac) {
        let (kind, fields): (u8, [&[u8]; 2]) = match &self.name {
            Name::TokenId(id) => (1, [id.as_bytes(), b""]),
            Name::SigningInput(hash) => (2, [hash, b""]),
            Name::Session(id) => (3, [id.as_bytes(), b""]),
            Name::Subject(id) => (4, [id.as_bytes(), b""]),
            Name::Client(id) => (5, [id.as_bytes(), b""]),
            Name::Key(id) => (6, [id.as_bytes(), b""]),
            Name::Claim { name, value } => (7, [name.as_bytes(), value.as_bytes()]),
            Name::Everything => (8, [b"", b""]),
        };
        mac.update(&[kind]);
        for field in [self.issuer.as_bytes(), fields[0], fields[1]] {
            // A field comes from a token of at most MAX_TOKEN_BYTES or from configuration: far below 4 GiB.
            mac.update(&(field.len() as u32).to_be_bytes());
            mac.update(field);
        }
    }
}
