use alloc::vec::Vec;

use super::{
    InvalidSegment, MAX_CHUNK_BYTES, Segment,
    header::{HEADER, Header, Identifier},
};

/// The chunks of a segment, in the order in which [`Loading`] takes them.
pub fn chunks(segment: &[u8]) -> impl ExactSizeIterator<Item = &[u8]> {
    segment.chunks(MAX_CHUNK_BYTES)
}

/// A segment on its way: its bytes come in pieces of any size, and each is copied to its place in the only memory that is taken.
/// The hash goes along, so that no piece costs more than its own.
///
/// ```
/// # use quash_core::{Timestamp, ledger::ShardCount, segment::{Builder, Rate, Snapshot}};
/// use quash_core::segment::{Loading, chunks};
/// # let time = Timestamp::from_secs(0);
/// # let shards = ShardCount::ONE;
/// # let snapshot = Snapshot { shard: 0, shards, epoch: 7, seq: 2, expires_from: time, expires_before: time };
/// # let bytes = Builder::new(snapshot, Rate::usual(0))?.finish();
/// let mut loading = Loading::default();
/// for chunk in chunks(&bytes) {
///     loading.add(chunk)?;
/// }
/// assert_eq!(loading.missing(), Some(0));
/// let segment = loading.finish()?;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct Loading {
    /// No longer than the header while that is not known, and all of the segment from then on.
    bytes: Vec<u8>,
    filled: usize,
    header: Option<Header>,
    identifier: Identifier,
}

impl Default for Loading {
    fn default() -> Self {
        Self { bytes: Vec::new(), filled: 0, header: None, identifier: Identifier::NEW }
    }
}

impl Loading {
    /// Copies a piece to its place.
    ///
    /// # Errors
    /// [`InvalidSegment`] when what has come so far does not begin one, or is more than it announced.
    pub fn add(&mut self, mut piece: &[u8]) -> Result<(), InvalidSegment> {
        while !piece.is_empty() {
            let space = self.space()?;
            let length = piece.len().min(space.len());
            let (some, rest) = piece.split_at(length);
            space[..length].copy_from_slice(some);
            self.advance(length);
            piece = rest;
        }
        Ok(())
    }

    /// Where the next piece belongs, for whoever can read to there: as much as is missing, which at first is the header. Tell
    /// [`advance`](Self::advance) how much was written.
    ///
    /// # Errors
    /// [`InvalidSegment`] when what has come so far does not begin one, or nothing is missing any more.
    pub fn space(&mut self) -> Result<&mut [u8], InvalidSegment> {
        if self.header.is_none() {
            let mut length = HEADER;
            if self.filled == HEADER {
                let (header, whole) = Header::read(&self.bytes)?;
                self.header = Some(header);
                length = whole;
            }
            self.bytes.try_reserve_exact(length - self.bytes.len()).map_err(|_| InvalidSegment::Size)?;
            self.bytes.resize(length, 0);
        }
        let space = &mut self.bytes[self.filled..];
        if space.is_empty() { Err(InvalidSegment::Trailing) } else { Ok(space) }
    }

    /// So many bytes of the space have been written.
    pub fn advance(&mut self, written: usize) {
        self.filled = self.filled.saturating_add(written).min(self.bytes.len());
        self.identifier.read(&self.bytes[..self.filled]);
    }

    /// How many bytes have still to come; `None` while that has not been told.
    pub fn missing(&self) -> Option<usize> {
        self.header.map(|_| self.bytes.len() - self.filled)
    }

    /// The segment.
    ///
    /// # Errors
    /// [`InvalidSegment`] when it is not exactly what was built.
    pub fn finish(self) -> Result<Segment, InvalidSegment> {
        match self.header {
            Some(header) if self.filled == self.bytes.len() => Segment::new(header, self.bytes, self.identifier),
            Some(_) => Err(InvalidSegment::Truncated),
            None => Header::read(&self.bytes[..self.filled]).and(Err(InvalidSegment::Truncated)),
        }
    }
}

impl Segment {
    /// Reads a segment that is there as a whole.
    ///
    /// # Errors
    /// [`InvalidSegment`] when it is not exactly what a [`Builder`](super::Builder) built.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, InvalidSegment> {
        let (header, length) = Header::read(&bytes)?;
        if bytes.len() > length {
            return Err(InvalidSegment::Trailing);
        }
        let loading = Loading { filled: bytes.len(), header: Some(header), identifier: Identifier::NEW, bytes };
        if loading.filled < length { Err(InvalidSegment::Truncated) } else { loading.finish() }
    }
}
