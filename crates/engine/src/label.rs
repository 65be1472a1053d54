use quash_core::follower::Source;

/// What whoever stands behind the guard is told of a verdict that rests on less than its route asks for, as a structured field
/// (RFC 9651 section 3.3): the source's name, and in seconds how old what was known is. `None` of any other verdict.
pub fn label(source: Source) -> Option<String> {
    source.is_degraded().then(|| text(source))
}

#[cold]
#[inline(never)]
fn text(source: Source) -> String {
    match source {
        // Nothing is told younger than it is.
        Source::LastKnownGood(age) => format!("{};age={}", source.name(), age.as_millis().div_ceil(1000)),
        _ => source.name().into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_less_than_was_asked_for_is_told() {
        for source in [Source::Fresh, Source::Kv, Source::Isolate] {
            assert_eq!(label(source), None);
        }
        let known = Source::LastKnownGood(Duration::from_millis(7001));
        let labels = [known, Source::KvFallback, Source::None].map(|source| label(source).unwrap());
        assert_eq!(labels, ["last_known_good;age=8", "kv_fallback", "none"]);
    }
}
