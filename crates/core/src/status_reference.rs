use crate::{
    Malformed,
    json::{Object, Value},
};

/// Where a token's status is to be read: the place that its `status` claim names in a list (Token Status List,
/// draft-ietf-oauth-status-list section 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusReference<'a> {
    /// Which list: the address it is published at, and so its `sub`.
    pub uri: &'a str,
    /// Which place in the list.
    pub index: u64,
}

impl<'a> StatusReference<'a> {
    /// Reads the reference among a token's claims, where they have one: `status` has room for other mechanisms, too (section 6.1).
    ///
    /// # Errors
    /// [`Malformed::Claim`] when there is a `status` that is not what the standard says. It is not an absent one.
    pub fn of(claims: Object<'a>) -> Result<Option<Self>, Malformed> {
        let invalid = || Malformed::Claim("status".into());
        let Some(status) = claims.get("status") else { return Ok(None) };
        let Some(list) = status.as_object().ok_or_else(invalid)?.get("status_list") else { return Ok(None) };
        let list = list.as_object().ok_or_else(invalid)?;
        let uri = list.get("uri").and_then(Value::as_str).filter(|uri| !uri.is_empty()).ok_or_else(invalid)?;
        let index = if let Some(Value::Number(index)) = list.get("idx") { index.whole() } else { None };
        Ok(Some(Self { uri, index: index.ok_or_else(invalid)? }))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::json::Document;

    #[test]
    fn names_a_list_and_a_place_in_it() {
        // The example of section 6.2.
        let claims = br#"{"status":{"status_list":{"idx":0,"uri":"https://example.com/statuslists/1"}}}"#;
        let claims = Document::parse(claims.into()).unwrap();
        let expected = StatusReference { uri: "https://example.com/statuslists/1", index: 0 };
        assert_eq!(StatusReference::of(claims.object()), Ok(Some(expected)));
    }

    #[test]
    fn another_mechanism_is_none_of_ours() {
        for claims in [r#"{}"#, r#"{"status":{}}"#, r#"{"status":{"another":{"idx":0,"uri":"a:b"}}}"#] {
            let claims = Document::parse(claims.into()).unwrap();
            assert_eq!(StatusReference::of(claims.object()), Ok(None));
        }
    }

    #[test]
    fn what_the_standard_forbids_is_not_absent() {
        for status in [
            r#""active""#,
            "null",
            "[]",
            r#"{"status_list":null}"#,
            r#"{"status_list":[]}"#,
            r#"{"status_list":{}}"#,
            r#"{"status_list":{"idx":1}}"#,
            r#"{"status_list":{"uri":"a:b"}}"#,
            r#"{"status_list":{"idx":-1,"uri":"a:b"}}"#,
            r#"{"status_list":{"idx":1.5,"uri":"a:b"}}"#,
            r#"{"status_list":{"idx":"1","uri":"a:b"}}"#,
            r#"{"status_list":{"idx":null,"uri":"a:b"}}"#,
            r#"{"status_list":{"idx":1,"uri":1}}"#,
            r#"{"status_list":{"idx":1,"uri":""}}"#,
        ] {
            let claims = std::format!(r#"{{"status":{status}}}"#);
            let claims = Document::parse(claims.into_bytes()).unwrap();
            assert_eq!(StatusReference::of(claims.object()), Err(Malformed::Claim("status".into())), "{status}");
        }
    }
}
