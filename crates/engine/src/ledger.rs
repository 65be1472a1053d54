//! How the shards of the ledger are called and asked, by whoever asks them.

use quash_core::{
    Timestamp,
    ledger::{Part, ShardCount, ShardHistory},
};

/// Before each path. `.invalid` never resolves (RFC 2606 section 2): what is asked is a Durable Object, whatever the host says.
const LEDGER: &str = "https://ledger.invalid/";

/// The name of the Durable Object that keeps a shard. Changing it would begin an empty ledger.
pub fn shard_name(shard: u8) -> String {
    format!("shard-{shard}")
}

/// Where a shard answers with a part of its log.
pub fn part_url(shard: u8, part: Part, count: ShardCount) -> String {
    match part {
        Part::Head => format!("{LEDGER}{shard}/head?count={}", count.get()),
        Part::Page(page) => format!("{LEDGER}{shard}/pages/{page}?count={}", count.get()),
    }
}

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

/// What else a shard does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Takes revocations, as lines, behind one with the binding of Workers KV's namespace: it sees to it that they get there, too.
    /// The root puts `count` in force, should it be greater.
    Append,
    /// Tells the entries of ids, as lines; each is asked for by its key, on a line.
    LookUp,
}

impl Action {
    /// Its name in a path.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::LookUp => "look-up",
        }
    }

    /// Where a shard does it.
    pub fn url(self, shard: u8, count: ShardCount) -> String {
        format!("{LEDGER}{shard}/{}?count={}", self.name(), count.get())
    }
}

/// What a shard is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A part of its log.
    Part(Part),
    /// To do something.
    Action(Action),
}

/// Reads an address that is made here: whom it is for, what is asked, and the count of shards that the asker has.
pub fn read_url(url: &str) -> Option<(u8, Asked, ShardCount)> {
    let (path, count) = url.strip_prefix(LEDGER)?.split_once("?count=")?;
    let (shard, path) = path.split_once('/')?;
    let actions = [Action::Append, Action::LookUp];
    let asked = match path.strip_prefix("pages/") {
        Some(page) => Asked::Part(Part::Page(page.parse().ok()?)),
        None if path == "head" => Asked::Part(Part::Head),
        None => Asked::Action(actions.into_iter().find(|action| action.name() == path)?),
    };
    Some((shard.parse().ok()?, asked, ShardCount::new(count.parse().ok()?)?))
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
            (part_url(3, Part::Head, count), "3/head", Asked::Part(Part::Head)),
            (part_url(0, Part::Page(7), count), "0/pages/7", Asked::Part(Part::Page(7))),
            (Action::Append.url(1, count), "1/append", Asked::Action(Action::Append)),
            (Action::LookUp.url(1, count), "1/look-up", Asked::Action(Action::LookUp)),
        ];
        for (url, path, asked) in asked {
            assert_eq!(url, format!("https://ledger.invalid/{path}?count=4"));
            assert_eq!(read_url(&url).map(|(_, asked, count)| (asked, count)), Some((asked, count)));
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
        ] {
            assert_eq!(read_url(wrong), None, "{wrong}");
        }
    }
}
