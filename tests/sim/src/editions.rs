use std::{collections::BTreeMap, num::NonZeroU32, rc::Rc};

use quash_core::{
    Revocation, RevocationId,
    ledger::Edition,
    segment::{Builder, Slice, Snapshot},
};

use crate::luck::Luck;

/// So few that segments are wrong often.
const ONE_IN: NonZeroU32 = NonZeroU32::MIN.saturating_add(3);

/// How many editions can be read: the last, and the one before, which some are reading.
const KEPT: usize = 2;

/// The editions of a shard. As a ledger does, it makes some segments at a time, while rows come and go.
#[derive(Default)]
pub(crate) struct Editions {
    building: Option<Building>,
    published: Vec<Published>,
}

struct Building {
    seq: u64,
    /// Of the next segment.
    slice: u8,
    segments: Segments,
}

struct Published {
    edition: Edition,
    segments: Segments,
}

type Segments = BTreeMap<u8, Rc<[u8]>>;

impl Editions {
    /// Makes some more segments of the rows that there are now, or begins an edition, or does nothing.
    pub(crate) fn go_on<'r>(
        &mut self,
        shard: u8,
        epoch: u64,
        head: u64,
        rows: impl Iterator<Item = &'r Revocation>,
        luck: &mut Luck,
    ) {
        let Some(building) = &mut self.building else {
            if luck.one_in(6) {
                self.building = Some(Building { seq: head, slice: 0, segments: Segments::new() });
            }
            return;
        };
        let seq = building.seq;
        let until = Slice::COUNT.min(building.slice + luck.between(4, 40) as u8);
        let mut builders = BTreeMap::new();
        let slices = building.slice..until;
        let ids = rows.map(|row| row.id).filter(|id| slices.contains(&Slice::of(id).get()));
        let mut ids: Vec<RevocationId> = ids.collect();
        ids.sort_unstable();
        for id in ids {
            let slice = Slice::of(&id);
            let snapshot = Snapshot { shard, epoch, seq, slice };
            let builder = builders.entry(slice.get()).or_insert_with(|| Builder::new(snapshot, ONE_IN));
            // There are never too many.
            let _ = builder.push(&id);
        }
        let finished = |(slice, builder): (u8, Builder)| Some((slice, builder.finish().ok()?.into()));
        building.segments.extend(builders.into_iter().filter_map(finished));
        building.slice = until;
        if until == Slice::COUNT
            && let Some(Building { segments, .. }) = self.building.take_if(|building| building.seq > 0)
        {
            let slices = segments.keys().map(|slice| 1 << slice).sum();
            self.published.retain(|published| published.edition.seq < seq);
            self.published.push(Published { edition: Edition { seq, slices }, segments });
            self.published.drain(..self.published.len().saturating_sub(KEPT));
        }
    }

    /// The one to read.
    pub(crate) fn last(&self) -> Option<Edition> {
        self.published.last().map(|published| published.edition).filter(|edition| edition.slices != 0)
    }

    pub(crate) fn segment(&self, seq: u64, slice: u8) -> Option<Rc<[u8]>> {
        let edition = self.published.iter().find(|published| published.edition.seq == seq)?;
        edition.segments.get(&slice).cloned()
    }
}
