//! How the shards of the ledger are called and asked, by whoever asks them.

use quash_core::{
    RevocationId, Timestamp,
    ledger::{Part, ShardCount, ShardHistory},
};

/// Before each path. `.invalid` never resolves (RFC 2606 section 2): what is asked is a Durable Object, whatever the host says.
const LEDGER: &str = "https://ledger.invalid/";

/// The name of the Durable Object that keeps a shard. Changing it would begin an empty ledger.
pub fn shard_name(shard: u8) -> String {
    format!("shard-{shard}")
}

/// The name of the Durable Object that keeps what may be used once. It is no shard: nobody follows it.
pub const ONCE: &str = "once";

/// How many Durable Objects keep what was used when. Each takes some 1000 requests a second, and 10 GB: 50 million rows of 200 bytes,
/// with their indices. Changing it would forget what was used.
const USES: u8 = 64;

/// The name of the one that keeps the use of what has this id. They are no shards either.
pub fn uses_name(id: &RevocationId) -> String {
    format!("uses-{}", id.as_bytes()[0] % USES)
}

/// Where it answers.
pub fn first_use_url() -> String {
    Asked::FirstUse.url(NO_SHARD, ShardCount::ONE)
}

/// The name of the one that keeps a status list. Changing it would have everybody accept what was revoked.
pub fn status_list_name(list: u64) -> String {
    format!("status-list-{list}")
}

/// Where it answers who asks this of it.
pub fn status_list_url(asked: Asked) -> String {
    asked.url(NO_SHARD, ShardCount::ONE)
}

/// The number that such objects have in addresses, which no shard has: there are 255 at most.
const NO_SHARD: u8 = u8::MAX;

/// Where it answers.
pub fn once_url() -> String {
    Asked::Once.url(NO_SHARD, ShardCount::ONE)
}

/// Its answer when one of the ids was there before.
pub const USED: &str = "used";

/// Its answer, with the status 409, to an append of somebody who has not heard of all shards: nothing has been appended.
pub const MOVED: &str = "moved";

/// Its answer when a key has come with another request.
pub const ANOTHER: &str = "another";

/// How many numbers an audit log has for each millisecond. A record's number tells when it was made, then: what was made since, or is too
/// old, is a range of numbers.
pub const AUDITED_PER_MILLI: u64 = 1024;

/// Where what may be used once is remembered for requests that are repeated.
pub fn remember_url() -> String {
    Asked::Remember.url(NO_SHARD, ShardCount::ONE)
}

/// The header in which the root tells the history of counts, with each answer.
pub const COUNTS: &str = "Quash-Shard-Counts";

/// The value of that header: the counts, in milliseconds since the epoch, when the ledger began, and whether it is pinned.
pub fn write_counts(history: &ShardHistory) -> String {
    let counts: Vec<_> = history.as_slice().iter().map(|count| count.get().to_string()).collect();
    let since = history.since().map_or(0, Timestamp::as_millis);
    let pinned = if history.is_pinned() { " pinned" } else { "" };
    format!("{} {since}{pinned}", counts.join(","))
}

/// Reads the value of that header.
pub fn read_counts(value: &str) -> Option<ShardHistory> {
    let (value, is_pinned) = value.strip_suffix(" pinned").map_or((value, false), |value| (value, true));
    let (counts, since) = value.split_once(' ')?;
    let counts: Vec<_> = counts.split(',').map(|count| count.parse().ok()).collect::<Option<_>>()?;
    let history = ShardHistory::from_counts(&counts)?.begun(Timestamp::from_millis(since.parse().ok()?));
    Some(if is_pinned { history.pinned() } else { history })
}

/// What a shard is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A part of its log.
    Part(Part),
    /// To take revocations, as lines, behind one with the binding of Workers KV's namespace: it sees to it that they get there, too.
    /// The root puts the asker's count in force, should it be greater. Answers with the rows of ids that were lifted before, as they are
    /// then: what is revoked anew has to be known as that.
    Append {
        /// How many revocations isolates are to know exactly, in all shards. Where there are more, the shard publishes segments.
        exact: u32,
    },
    /// The same, where each line has a record for the audit log behind a tab, and before all of them is a line with the days that records
    /// are kept.
    AppendAudited {
        /// As above.
        exact: u32,
    },
    /// A page of its rows: see [`Rows`](crate::admin::Rows).
    List,
    /// A page of its audit log: see [`AuditPage`](crate::admin::AuditPage).
    Audit,
    /// To remember a request: see [`IdempotencyKey`](crate::admin::IdempotencyKey).
    Remember,
    /// The entries of ids, as lines; each is asked for by its key, on a line.
    LookUp,
    /// The same, for somebody who is about to lift them: from then on the shard takes no appends of who has heard of fewer shards.
    Seal,
    /// To have no more shards from now on. Asked of the root.
    Pin,
    /// To lift an entry that was seen, on a line. Answers what there is then: if that covers something, it was not all.
    Lift,
    /// To take entries, as lines, unless it has one of them already.
    Once,
    /// To take entries, as lines, where it does not have them; and how many milliseconds ago, by its own clock, it has taken the first that
    /// it had. It answers with nothing where it had none.
    FirstUse,
    /// To mark places of a status list, as lines: see [`StatusMark`](crate::StatusMark).
    Mark,
    /// To have no place marked any more by an entry that was lifted, on a line.
    Unmark,
    /// A status list of so many places, as bytes.
    StatusList {
        /// How many.
        size: u64,
    },
}

impl Asked {
    /// Where a shard answers whoever thinks that there are so many.
    pub fn url(self, shard: u8, count: ShardCount) -> String {
        let count = count.get();
        match self {
            Self::Part(Part::Head) => format!("{LEDGER}{shard}/head?count={count}"),
            Self::Part(Part::Page(page)) => format!("{LEDGER}{shard}/pages/{page}?count={count}"),
            Self::Part(Part::Segment { seq, slice }) => format!("{LEDGER}{shard}/segments/{seq}/{slice}?count={count}"),
            Self::Append { exact } => format!("{LEDGER}{shard}/append?count={count}&exact={exact}"),
            Self::AppendAudited { exact } => format!("{LEDGER}{shard}/append-audited?count={count}&exact={exact}"),
            Self::List => format!("{LEDGER}{shard}/list?count={count}"),
            Self::Audit => format!("{LEDGER}{shard}/audit?count={count}"),
            Self::Remember => format!("{LEDGER}{shard}/remember?count={count}"),
            Self::LookUp => format!("{LEDGER}{shard}/look-up?count={count}"),
            Self::Seal => format!("{LEDGER}{shard}/seal?count={count}"),
            Self::Pin => format!("{LEDGER}{shard}/pin?count={count}"),
            Self::Lift => format!("{LEDGER}{shard}/lift?count={count}"),
            Self::Once => format!("{LEDGER}{shard}/once?count={count}"),
            Self::FirstUse => format!("{LEDGER}{shard}/first-use?count={count}"),
            Self::Mark => format!("{LEDGER}{shard}/mark?count={count}"),
            Self::Unmark => format!("{LEDGER}{shard}/unmark?count={count}"),
            Self::StatusList { size } => format!("{LEDGER}{shard}/status-list/{size}?count={count}"),
        }
    }

    /// Reads such an address: whom it is for, what is asked, and the count of shards that the asker has.
    pub fn read(url: &str) -> Option<(u8, Self, ShardCount)> {
        let (path, query) = url.strip_prefix(LEDGER)?.split_once('?')?;
        let query = query.strip_prefix("count=")?;
        let (count, exact) = match query.split_once('&') {
            Some((count, exact)) => (count, Some(exact.strip_prefix("exact=")?.parse().ok()?)),
            None => (query, None),
        };
        let (shard, path) = path.split_once('/')?;
        let asked = match (path.split_once('/'), exact) {
            (None, None) if path == "head" => Self::Part(Part::Head),
            (None, None) if path == "look-up" => Self::LookUp,
            (None, None) if path == "seal" => Self::Seal,
            (None, None) if path == "pin" => Self::Pin,
            (None, None) if path == "lift" => Self::Lift,
            (None, None) if path == "once" => Self::Once,
            (None, None) if path == "list" => Self::List,
            (None, None) if path == "audit" => Self::Audit,
            (None, None) if path == "remember" => Self::Remember,
            (None, Some(exact)) if path == "append-audited" => Self::AppendAudited { exact },
            (None, None) if path == "first-use" => Self::FirstUse,
            (None, None) if path == "mark" => Self::Mark,
            (None, None) if path == "unmark" => Self::Unmark,
            (Some(("status-list", size)), None) => Self::StatusList { size: size.parse().ok()? },
            (None, Some(exact)) if path == "append" => Self::Append { exact },
            (Some(("pages", page)), None) => Self::Part(Part::Page(page.parse().ok()?)),
            (Some(("segments", segment)), None) => {
                let (seq, slice) = segment.split_once('/')?;
                Self::Part(Part::Segment { seq: seq.parse().ok()?, slice: slice.parse().ok()? })
            }
            _ => return None,
        };
        Some((shard.parse().ok()?, asked, ShardCount::new(count.parse().ok()?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// While versions change, edges of one ask ledgers of another.
    #[test]
    fn names_and_addresses_are_pinned() {
        let count = ShardCount::new(4).unwrap();
        assert_eq!(shard_name(3), "shard-3");
        let asked = [
            (3, "3/head?count=4", Asked::Part(Part::Head)),
            (0, "0/pages/7?count=4", Asked::Part(Part::Page(7))),
            (2, "2/segments/70000/63?count=4", Asked::Part(Part::Segment { seq: 70_000, slice: 63 })),
            (1, "1/append?count=4&exact=1000000", Asked::Append { exact: 1_000_000 }),
            (1, "1/look-up?count=4", Asked::LookUp),
            (1, "1/seal?count=4", Asked::Seal),
            (0, "0/pin?count=4", Asked::Pin),
            (1, "1/lift?count=4", Asked::Lift),
            (255, "255/once?count=4", Asked::Once),
            (1, "1/append-audited?count=4&exact=1000000", Asked::AppendAudited { exact: 1_000_000 }),
            (1, "1/list?count=4", Asked::List),
            (1, "1/audit?count=4", Asked::Audit),
            (255, "255/remember?count=4", Asked::Remember),
            (255, "255/first-use?count=4", Asked::FirstUse),
            (255, "255/mark?count=4", Asked::Mark),
            (255, "255/unmark?count=4", Asked::Unmark),
            (255, "255/status-list/131072?count=4", Asked::StatusList { size: 131_072 }),
        ];
        assert_eq!(status_list_name(7), "status-list-7");
        assert_eq!(status_list_url(Asked::Mark), "https://ledger.invalid/255/mark?count=1");
        assert_eq!(remember_url(), "https://ledger.invalid/255/remember?count=1");
        let of = |byte| uses_name(&RevocationId::from_bytes([byte; 16]));
        assert_eq!((of(63).as_str(), of(64).as_str()), ("uses-63", "uses-0"));
        assert_eq!(first_use_url(), "https://ledger.invalid/255/first-use?count=1");
        assert_eq!((ONCE, once_url().as_str()), ("once", "https://ledger.invalid/255/once?count=1"));
        for (shard, path, asked) in asked {
            let url = asked.url(shard, count);
            assert_eq!(url, format!("https://ledger.invalid/{path}"));
            assert_eq!(Asked::read(&url), Some((shard, asked, count)));
        }
        let history =
            ShardHistory::from_counts(&[1, 4]).map(|history| history.begun(Timestamp::from_millis(1_763_936_400_123)));
        assert_eq!(history.as_ref().map(write_counts).as_deref(), Some("1,4 1763936400123"));
        assert_eq!(read_counts("1,4 1763936400123"), history);
        let pinned = history.map(ShardHistory::pinned);
        assert_eq!(pinned.as_ref().map(write_counts).as_deref(), Some("1,4 1763936400123 pinned"));
        assert_eq!(read_counts("1,4 1763936400123 pinned"), pinned);
        assert_eq!(["", "1", "0 5", "4,1 5", "1 x"].map(read_counts), [const { None }; 5]);
        for wrong in [
            "",
            "https://ledger.invalid/0/head",
            "https://ledger.invalid/0/head?count=0",
            "https://ledger.invalid/0/x?count=1",
            "https://ledger.invalid/0/append?count=1",
            "https://ledger.invalid/0/head?count=1&exact=1",
            "https://ledger.invalid/0/segments/1?count=1",
        ] {
            assert_eq!(Asked::read(wrong), None, "{wrong}");
        }
    }
}
