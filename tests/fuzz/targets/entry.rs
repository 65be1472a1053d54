//! What a store gives back. An entry that can be read means what its fields say, and is written so that it reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quash_core::{Cover, Cutoff, Reason, Revocation, RevocationId, Timestamp};

const ID: RevocationId = RevocationId::from_bytes([9; 16]);

fuzz_target!(|input: &[u8]| {
    let Ok(text) = str::from_utf8(input) else { return };
    let Ok(revocation) = Revocation::from_entry(ID, text) else { return };
    assert_eq!(Revocation::from_entry(ID, &revocation.to_entry()), Ok(revocation));
    assert_eq!(revocation.merge(revocation), revocation);
    assert!(revocation.to_entry() == text || revocation.reason == Reason::Other);

    let mut fields: Vec<_> = text.split(' ').collect();
    let lifts = if fields[0] == "2" { fields.remove(1) } else { "0" };
    let [version, everyone, others, expires_at, revoked_at, reason] = fields[..] else { panic!("{fields:?}") };
    assert_eq!((version == "1", revocation.id), (lifts == "0", ID));
    assert_eq!((revocation.expires_at, revocation.revoked_at), (time(expires_at), time(revoked_at)));
    assert!(revocation.reason.name() == reason || revocation.reason == Reason::Other);
    let everyone = Cover::everyone(cutoff(everyone));
    let others = others.split_once(':').map(|(until, keep)| Cover::all_but(keep.parse().unwrap(), cutoff(until)));
    let lifted = (0..lifts.parse().unwrap()).fold(everyone, |cover, _| cover.lifted().unwrap());
    let cover = others.map_or(everyone, |others| others.union(everyone));
    // What covers nothing is lifted, and nothing that is revoked anew.
    let cover = if cover.covers_nothing() { lifted } else { cover.anew(&lifted) };
    assert_eq!((revocation.cover, revocation.cover.lifts()), (cover, lifted.lifts()));
});

fn cutoff(text: &str) -> Cutoff {
    match text {
        "nothing" => Cutoff::Nothing,
        "always" => Cutoff::Always,
        until => Cutoff::IssuedUntil(time(until)),
    }
}

fn time(text: &str) -> Timestamp {
    Timestamp::from_millis(text.parse().unwrap())
}
