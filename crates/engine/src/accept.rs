//! Which media types an `Accept` header takes (RFC 9110 section 12.5.1).

/// How much whoever sends this header wants this media type, in thousandths; 0: not at all. Without a header everything is as good.
pub fn quality(accept: Option<&str>, media_type: &str) -> u16 {
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else { return 1000 };
    // "The most specific reference has precedence".
    let closest = ranges(accept).filter_map(|(range, quality)| Some((specificity(range, media_type)?, quality)));
    closest.max_by_key(|(specificity, _)| *specificity).map_or(0, |(_, quality)| quality)
}

/// The same of a media type that is named itself: `None` when none but wildcards cover it.
pub fn quality_of_named(accept: Option<&str>, media_type: &str) -> Option<u16> {
    ranges(accept?).find(|(range, _)| range.eq_ignore_ascii_case(media_type)).map(|(_, quality)| quality)
}

/// The ranges, each with its weight.
fn ranges(accept: &str) -> impl Iterator<Item = (&str, u16)> {
    accept.split(',').map(|item| {
        let mut parts = item.split(';').map(str::trim);
        let range = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        (range, weight.map_or(1000, thousandths))
    })
}

/// A weight (section 12.4.2). What is none is taken for the least of all.
fn thousandths(weight: &str) -> u16 {
    let (whole, rest) = weight.split_once('.').unwrap_or((weight, ""));
    if rest.len() > 3 || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    let rest = (rest.bytes().chain([b'0'; 3]).take(3)).fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match whole {
        "0" => rest,
        "1" => 1000,
        _ => 0,
    }
}

fn specificity(range: &str, media_type: &str) -> Option<u8> {
    if range.eq_ignore_ascii_case(media_type) {
        return Some(2);
    }
    if range == "*/*" {
        return Some(0);
    }
    let (kind, _) = media_type.split_once('/')?;
    let is_of_kind = range.strip_suffix("/*").is_some_and(|range| range.eq_ignore_ascii_case(kind));
    is_of_kind.then_some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_range_counts() {
        const TYPE: &str = "application/statuslist+jwt";
        for (accept, expected) in [
            (None, 1000),
            (Some(""), 1000),
            (Some("*/*"), 1000),
            (Some("application/*;q=0.5"), 500),
            (Some("Application/StatusList+JWT"), 1000),
            (Some("text/html, application/statuslist+jwt;q=0.25, */*"), 250),
            (Some("application/statuslist+jwt ; v=1 ; q=0, */*"), 0),
            (Some("*/*;q=1.000, application/*;q=0"), 0),
            (Some("application/statuslist+cwt"), 0),
            (Some("application/statuslist"), 0),
            (Some("text/*"), 0),
            (Some("*/*;q=0.1234"), 0),
            (Some("*/*;q=2"), 0),
            (Some("*/*;q=-1"), 0),
            (Some("*/*;q=0.001"), 1),
        ] {
            assert_eq!(quality(accept, TYPE), expected, "{accept:?}");
        }
        let named = |accept| quality_of_named(accept, TYPE);
        assert_eq!(named(Some("*/*, application/statuslist+jwt;q=0.5")), Some(500));
        assert_eq!((named(Some("*/*")), named(Some("application/*")), named(None)), (None, None, None));
    }
}
