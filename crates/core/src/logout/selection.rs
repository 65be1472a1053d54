use crate::logout::contains_token;

/// What Quash itself keeps in `localStorage` begins so: the epoch of the last logout, handles that still have to be sent.
/// It outlives every wipe.
pub const OWN_KEYS: &str = "quash:";

/// What is to go, and what of that is to stay: a selector, and after it the selectors of what is kept, with a NUL between each
/// two.
///
/// | selector | selects |
/// |---|---|
/// | `~` | what contains a token ([`contains_token`]) |
/// | `^sb-` | every name that begins with `sb-`; `^` alone, every name |
/// | `=token` | the name `token` |
///
/// ```
/// use quash_core::logout::Selection;
///
/// let selection = Selection::parse("^sb-\0=theme\0=sb-consent");
/// assert!(selection.selects("sb-token", ""));
/// assert!(!selection.selects("sb-consent", ""));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a>(&'a str);

impl<'a> Selection<'a> {
    /// Reads a selection. Every text is one; what is no selector selects nothing.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        Self(text)
    }

    /// Does it select an item of this name and value?
    #[must_use]
    pub fn selects(&self, name: &str, value: &str) -> bool {
        // Bytes, as in `cookie.rs`: the browser's module stays smaller.
        let mut selectors = self.0.as_bytes().split(|&byte| byte == 0);
        let mut next_selects = || selectors.next().map(|selector| is_selected(selector, name.as_bytes(), value));
        if name.starts_with(OWN_KEYS) || next_selects() != Some(true) {
            return false;
        }
        !core::iter::from_fn(next_selects).any(|keeps| keeps)
    }
}

// No text selects by accident: what is none of the three, the empty one too, selects nothing.
fn is_selected(selector: &[u8], name: &[u8], value: &str) -> bool {
    match selector.split_first() {
        Some((b'=', exact)) => name == exact,
        Some((b'^', prefix)) => name.starts_with(prefix),
        Some((b'~', [])) => contains_token(value),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln";

    fn selects(wipe: &str, keep: &str, name: &str) -> bool {
        Selection::parse(&[wipe, keep].join("\0")).selects(name, if name == "token" { TOKEN } else { "" })
    }

    #[test]
    fn selects_by_name_prefix_shape_or_at_all() {
        for (selector, selected) in [
            ("=token", &["token"][..]),
            ("^to", &["token", "to"]),
            ("^", &["token", "to", "", "*"]),
            ("~", &["token"]),
            ("=", &[""]),
            ("=*", &["*"]),
        ] {
            for name in ["token", "to", "", "*"] {
                assert_eq!(selects(selector, "", name), selected.contains(&name), "{selector} {name}");
            }
        }
    }

    #[test]
    fn selects_nothing_by_accident() {
        for selector in ["", "*", "token", "~token", "\0", "\u{e9}"] {
            assert!(!selects(selector, "", "token"), "{selector}");
        }
    }

    #[test]
    fn keeps_what_any_kept_selector_selects() {
        for keep in ["=token", "=theme\0=token", "^to", "~", "^", "=theme\0^"] {
            assert!(!selects("^", keep, "token"), "{keep}");
        }
        for keep in ["", "=theme", "=tokens\0^tokens", "\0"] {
            assert!(selects("^", keep, "token"), "{keep}");
        }
    }

    #[test]
    fn what_quash_keeps_is_never_selected() {
        for selector in ["^", "^quash", "=quash:epoch"] {
            assert!(!selects(selector, "", "quash:epoch"), "{selector}");
        }
        assert!(selects("^", "", "quash"));
    }
}
