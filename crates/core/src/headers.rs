use alloc::{string::String, sync::Arc, vec::Vec};

use crate::{Refusal, base64url, same::is_same, token::Header};

/// How many headers are remembered: an issuer's tokens have one for each of its keys.
const MAX: usize = 16;

/// JOSE headers that were read before. An issuer's tokens differ in what they say, not in how it is signed, so that most headers
/// have been seen already.
///
/// A header is found by its exact text, which is all that it is read from: what is remembered is what would be read again.
#[derive(Debug, Default)]
pub struct Headers(Vec<(String, Arc<Header>)>);

impl Headers {
    /// The header that `text` encodes.
    pub(crate) fn read(&mut self, text: &str) -> Result<Arc<Header>, Refusal> {
        if let Some(at) = self.0.iter().position(|(known, _)| is_same(known, text)) {
            // The ones that are asked for most come first.
            self.0.swap(at, at / 2);
            return Ok(self.0[at / 2].1.clone());
        }
        let header = Arc::new(Header::parse(base64url::decode(text)?)?);
        // Of an attacker's thousand headers, each takes the last place.
        self.0.truncate(MAX - 1);
        self.0.push((text.into(), header.clone()));
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn what_was_read_is_read_again_and_a_flood_displaces_nobody_in_use() {
        let text = |kid: &str| BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#));
        let mut headers = Headers::default();
        for _ in 0..3 {
            assert_eq!(headers.read(&text("mine")).unwrap().key_id(), Some("mine"));
        }
        for number in 0..1000 {
            let kid = format!("{number}");
            assert_eq!(headers.read(&text(&kid)).unwrap().key_id(), Some(kid.as_str()));
        }
        assert_eq!(headers.0.len(), MAX);
        assert_eq!(headers.0[0].0, text("mine"));
        assert!(headers.read("e30").is_err() && headers.read("!").is_err());
        assert_eq!(headers.0.len(), MAX);
    }
}
