//! One row of a [`Delta`](super::Delta).
//!
//! ```text
//! id          16 bytes
//! lifts        2: f3, then how often it has been lifted, where it has been
//! kind         1: reason, 4 bits; the cutoff for all, 2 bits; that of others, 2 bits (0 nothing, 1 a time, 2 always)
//! expires at   5: seconds since the epoch, rounded up
//! lifetime   1-6: seconds from the revocation (rounded down) to there; seven bits a byte, lowest first, 80 for more
//! cutoff       6: milliseconds since the epoch, where the cutoff for all is a time
//! cutoff       6: the same of the others
//! keep        16: the id of the session that is spared, where there are others
//! ```
//!
//! Big-endian. A session that ends and whose last token lives for four hours is 24 bytes.

use alloc::vec::Vec;

use super::InvalidDelta;
use crate::{Cover, Cutoff, Reason, Revocation, RevocationId, Timestamp};

/// The greatest time in seconds that fits: of the year 34 865.
const MAX_SECS: u64 = (1 << 40) - 1;
/// The same in milliseconds: of the year 10 889.
const MAX_MILLIS: u64 = (1 << 48) - 1;

const NOTHING: u8 = 0;
const TIME: u8 = 1;
const ALWAYS: u8 = 2;

/// In the place of a kind, which it cannot be: no cutoff is of the kind 3.
const LIFTED: u8 = 0xf3;

pub(super) fn write(row: &Revocation, bytes: &mut Vec<u8>) {
    let others = row.cover.others().map(|(cutoff, keep)| (fitting(cutoff), keep));
    // Of two cutoffs that do not fit, one is left.
    let cover = Cover::normal(fitting(row.cover.cutoff()), others, row.cover.lifts());
    let (everyone, others) = (cover.cutoff(), cover.others());
    let (others, keep) = others.map_or((Cutoff::Nothing, None), |(cutoff, keep)| (cutoff, Some(keep)));
    bytes.extend(row.id.as_bytes());
    if cover.lifts() > 0 {
        bytes.extend([LIFTED, cover.lifts()]);
    }
    bytes.push(number(row.reason) | kind(everyone) << 4 | kind(others) << 6);
    // A time that does not fit is so far ahead that nobody will miss what comes after.
    let expires_at = row.expires_at.as_secs_ceil().min(MAX_SECS);
    bytes.extend(&expires_at.to_be_bytes()[3..]);
    let mut lifetime = expires_at.saturating_sub(row.revoked_at.as_millis() / 1000);
    while lifetime >= 0x80 {
        bytes.push(lifetime as u8 | 0x80);
        lifetime >>= 7;
    }
    bytes.push(lifetime as u8);
    for cutoff in [everyone, others] {
        if let Cutoff::IssuedUntil(time) = cutoff {
            bytes.extend(&time.as_millis().to_be_bytes()[2..]);
        }
    }
    if let Some(keep) = keep {
        bytes.extend(keep.as_bytes());
    }
}

/// Takes a row off the start of `bytes`. There is one spelling of each, but for the reasons of later versions.
pub(super) fn read(bytes: &mut &[u8]) -> Result<Revocation, InvalidDelta> {
    let id = RevocationId::from_bytes(take(bytes)?);
    let [mut kind] = take(bytes)?;
    let mut lifts = 0;
    if kind == LIFTED {
        [lifts, kind] = take(bytes)?;
        if lifts == 0 {
            return Err(InvalidDelta::Row);
        }
    }
    let expires_at = read_number::<5>(bytes)?;
    let lifetime = read_lifetime(bytes)?;
    let revoked_at = expires_at.checked_sub(lifetime).ok_or(InvalidDelta::Row)?;
    let everyone = read_cutoff(kind >> 4 & 3, bytes)?;
    let others = match read_cutoff(kind >> 6, bytes)? {
        Cutoff::Nothing => None,
        // What spares nobody has another spelling.
        cutoff if cutoff <= everyone => return Err(InvalidDelta::Row),
        cutoff => Some((cutoff, RevocationId::from_bytes(take(bytes)?))),
    };
    Ok(Revocation {
        id,
        cover: Cover::normal(everyone, others, lifts),
        expires_at: Timestamp::from_secs(expires_at),
        revoked_at: Timestamp::from_secs(revoked_at),
        reason: reason(kind & 15),
    })
}

/// Takes so many bytes off the start.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], InvalidDelta> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(InvalidDelta::Truncated)?;
    *bytes = rest;
    Ok(*taken)
}

pub(super) fn read_number<const N: usize>(bytes: &mut &[u8]) -> Result<u64, InvalidDelta> {
    Ok(take::<N>(bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn read_lifetime(bytes: &mut &[u8]) -> Result<u64, InvalidDelta> {
    let mut lifetime = 0;
    for shift in (0..42).step_by(7) {
        let [byte] = take(bytes)?;
        lifetime |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            // No zero in front: that would be a second spelling.
            return if byte == 0 && shift > 0 { Err(InvalidDelta::Row) } else { Ok(lifetime) };
        }
    }
    Err(InvalidDelta::Row)
}

fn fitting(cutoff: Cutoff) -> Cutoff {
    match cutoff {
        Cutoff::IssuedUntil(time) => Cutoff::IssuedUntil(time.min(Timestamp::from_millis(MAX_MILLIS))),
        cutoff => cutoff,
    }
}

fn kind(cutoff: Cutoff) -> u8 {
    match cutoff {
        Cutoff::Nothing => NOTHING,
        Cutoff::IssuedUntil(_) => TIME,
        Cutoff::Always => ALWAYS,
    }
}

fn read_cutoff(kind: u8, bytes: &mut &[u8]) -> Result<Cutoff, InvalidDelta> {
    match kind {
        NOTHING => Ok(Cutoff::Nothing),
        TIME => Ok(Cutoff::IssuedUntil(Timestamp::from_millis(read_number::<6>(bytes)?))),
        ALWAYS => Ok(Cutoff::Always),
        _ => Err(InvalidDelta::Row),
    }
}

fn number(reason: Reason) -> u8 {
    match reason {
        Reason::Logout => 0,
        Reason::Client => 1,
        Reason::Issuer => 2,
        Reason::CredentialChange => 3,
        Reason::AccountDisabled => 4,
        Reason::Administrator => 5,
        Reason::Reuse => 6,
        Reason::Other => 15,
    }
}

/// While versions change, an edge reads reasons that it does not know yet: they decide nothing.
fn reason(of: u8) -> Reason {
    Reason::ALL.into_iter().find(|reason| number(*reason) == of).unwrap_or(Reason::Other)
}
