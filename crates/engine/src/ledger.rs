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

/// The number that such objects have in addresses, which no shard has: there are 255 at most.
const NO_SHARD: u8 = u8::MAX;

/// Where it answers.
pub fn once_url() -> String {
    Asked::Once.url(NO_SHARD, ShardCount::ONE)
}

/// Its answer when one of the ids was there before.
pub const USED: &str = "used";

/// The header in which the root tells the history of counts, with each answer.
pub const COUNTS: &str = "Quash-Shard-Counts";

/// The value of that header: the counts, and in milliseconds since the epoch, when the ledger began.
pub fn write_counts(history: &ShardHistory) -> String {
    let counts: Vec<_> = history.as_slice().iter().map(|count| count.get().to_string()).collect();
    let since = history.since().map_or(0, Timestamp::as_millis);
    format!("{} {since}", counts.join(","))
}

/// Reads the value of that header.
pub fn read_counts(value: &str) -> Option<ShardHistory> {
    let (counts, since) = value.split_once(' ')?;
    let counts: Vec<_> = counts.split(',').map(|count| count.parse().ok()).collect::<Option<_>>()?;
    Some(ShardHistory::from_counts(&counts)?.begun(Timestamp::from_millis(since.parse().ok()?)))
}

/// What a shard is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A part of its log.
    Part(Part),
    /// To take revocations, as lines, behind one with the binding of Workers KV's namespace: it sees to it that they get there, too.
    /// The root puts the asker's count in force, should it be greater.
    Append {
        /// How many revocations isolates are to know exactly, in all shards. Where there are more, the shard publishes segments.
        exact: u32,
    },
    /// The entries of ids, as lines; each is asked for by its key, on a line.
    LookUp,
    /// To take entries, as lines, unless it has one of them already.
    Once,
    /// To take entries, as lines, where it does not have them; and how many milliseconds ago, by its own clock, it has taken the first that
    /// it had. It answers with nothing where it had none.
    FirstUse,
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
            Self::LookUp => format!("{LEDGER}{shard}/look-up?count={count}"),
            Self::Once => format!("{LEDGER}{shard}/once?count={count}"),
            Self::FirstUse => format!("{LEDGER}{shard}/first-use?count={count}"),
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
            (None, None) if path == "once" => Self::Once,
            (None, None) if path == "first-use" => Self::FirstUse,
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
            (255, "255/once?count=4", Asked::Once),
            (255, "255/first-use?count=4", Asked::FirstUse),
        ];
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
