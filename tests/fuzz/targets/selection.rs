//! What a logout selects, among names and values that anybody may have written. The input is a selection and, on the lines
//! after it, a name and a value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quash_core::logout::{OWN_KEYS, Selection, contains_token};

fuzz_target!(|input: &[u8]| {
    let Ok(text) = str::from_utf8(input) else { return };
    let mut lines = text.splitn(3, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (selection, name, value) = (line(), line(), line());

    let mut selectors = selection.split('\0').map(|selector| is_selected(selector, name, value));
    let wanted = selectors.next() == Some(true) && !selectors.any(|kept| kept) && !name.starts_with(OWN_KEYS);
    assert_eq!(Selection::parse(selection).selects(name, value), wanted);

    // What stands around a token does not hide it, nor what stands in it make one.
    let token = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln";
    assert!(contains_token(&format!("{value} {token}")) && contains_token(&format!("{token}\"{value}")));
    assert!(!contains_token(value) || value.contains('.') || value.contains("eyJ") || value.contains("WyJ"));
});

/// As the table in core's documentation has it.
fn is_selected(selector: &str, name: &str, value: &str) -> bool {
    match selector.split_at_checked(1) {
        Some(("=", exact)) => name == exact,
        Some(("^", prefix)) => name.strip_prefix(prefix).is_some(),
        Some(("~", "")) => contains_token(value),
        _ => false,
    }
}
