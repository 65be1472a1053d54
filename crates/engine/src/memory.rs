use std::sync::Arc;

use quash_core::{Timestamp, TokenIds, ValidToken, is_same};

use crate::status::PlaceInList;

/// The most tokens that are remembered: `SETS * WAYS`, 4096.
const SETS: usize = 1024;
const WAYS: usize = 4;

/// The most bytes that they may take, of the isolate's 128 MB.
const MAX_BYTES: usize = 16 << 20;

/// What a token's ids take, and whatever else belongs to it.
const IDS_BYTES: usize = 1024;

/// How many tokens are recognised that came once.
const DOOR: usize = 16_384;

/// Tokens that were verified a moment ago, so that their signatures need not be checked again. Whether one is revoked is never
/// remembered.
///
/// A token is remembered when it comes for the second time: many never do, and those take nobody's place.
///
/// An entry is found by the token's exact bytes: no two tokens can share one. It is good until the token dies, and all go when
/// a key does. Each token has its set of four places, chosen by its signature, which nobody without the issuer's key can
/// choose; a newer one takes the place of the oldest there.
#[derive(Default)]
pub struct TokenMemory {
    sets: Vec<[Place; WAYS]>,
    bytes: usize,
    /// Where the next one is taken from when there are too many bytes.
    hand: usize,
    /// For each place the last token that came and was not remembered.
    door: Vec<u32>,
}

/// Where a token is remembered. Its hash stands beside it, since to look at all that are in a set took longer than to read a
/// new token's claims.
#[derive(Default)]
struct Place {
    hash: u64,
    token: Option<Box<Remembered>>,
}

/// A verified token, valid when it was looked at.
pub struct Remembered {
    text: Box<str>,
    /// The token.
    pub token: ValidToken,
    /// Under which it can have been revoked.
    pub ids: Arc<TokenIds>,
    /// Where its status is read, if it is.
    pub(crate) place: Option<Arc<PlaceInList>>,
}

impl Remembered {
    /// The token with this text.
    pub fn new(text: &str, token: ValidToken, ids: Arc<TokenIds>) -> Self {
        Self { text: text.into(), ids, token, place: None }
    }

    /// The same, with where its status is read.
    pub(crate) fn in_list(self, place: Option<Arc<PlaceInList>>) -> Self {
        Self { place, ..self }
    }

    /// About what it takes: its text, its claims, and a handful of ids.
    fn bytes(&self) -> usize {
        let place = self.place.as_ref().map_or(0, |place| place.bytes());
        self.text.len() + self.token.claims().bytes() + IDS_BYTES + place
    }
}

impl TokenMemory {
    /// The token with exactly this text, if it is not dead by now.
    pub fn get(&mut self, text: &str, now: Timestamp) -> Option<&Remembered> {
        let hash = hash(text);
        let mut places = self.sets.get_mut(set_of(hash))?.iter_mut().filter(|place| place.hash == hash);
        let place = places.find(|place| place.token.as_ref().is_some_and(|found| is_same(&found.text, text)))?;
        if place.token.as_ref().is_some_and(|found| found.token.until() <= now) {
            self.bytes -= place.forget();
            return None;
        }
        place.token.as_deref()
    }

    /// Whether a token that is not remembered came before. It may be another one that did: then it is remembered too early.
    pub fn came_before(&mut self, text: &str) -> bool {
        if self.door.is_empty() {
            self.door.resize(DOOR, 0);
        }
        let hash = hash(text);
        let print = (hash as u32).max(1);
        let last = &mut self.door[(hash >> (u64::BITS - DOOR.ilog2())) as usize];
        *last == print || {
            *last = print;
            false
        }
    }

    /// Remembers a token, in the place of the oldest of its set.
    pub fn insert(&mut self, remembered: Remembered) {
        if self.sets.is_empty() {
            self.sets.resize_with(SETS, Default::default);
        }
        self.bytes += remembered.bytes();
        let hash = hash(&remembered.text);
        let at = set_of(hash);
        // The oldest of the set is the last.
        self.sets[at].rotate_right(1);
        self.bytes -= self.sets[at][0].forget();
        while self.bytes - remembered.bytes() > MAX_BYTES {
            self.hand = (self.hand + 1) % (SETS * WAYS);
            self.bytes -= self.sets[self.hand / WAYS][self.hand % WAYS].forget();
        }
        self.sets[at][0] = Place { hash, token: Some(Box::new(remembered)) };
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Place {
    /// Drops what is there, and tells how many bytes that took.
    fn forget(&mut self) -> usize {
        self.token.take().map_or(0, |token| token.bytes())
    }
}

fn set_of(hash: u64) -> usize {
    (hash >> (u64::BITS - SETS.ilog2())) as usize
}

/// Of the signature's end: the only part of a token that is as good as random.
fn hash(text: &str) -> u64 {
    let end = text.as_bytes().last_chunk().map_or(0, |end| u128::from_le_bytes(*end));
    (end as u64 ^ (end >> 61) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use quash_core::{Issuer, Issuers, Key, Pepper, Peppers, UnverifiedToken, Verification};

    use super::*;

    /// `{"alg":"ES256"}`
    const HEADER: &str = "eyJhbGciOiJFUzI1NiJ9";

    /// `{"iss":"a","iat":0,"exp":1000}`, and a signature that nobody has looked at, as random as a real one.
    fn text(number: u32) -> String {
        let mut bytes = [0; 32];
        let mut state = u64::from(number).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for chunk in bytes.chunks_exact_mut(8) {
            state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(state ^ (state >> 31)).to_le_bytes());
        }
        let signature = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        format!("{HEADER}.eyJpc3MiOiJhIiwiaWF0IjowLCJleHAiOjEwMDB9.{signature}")
    }

    fn remembered(number: u32) -> Remembered {
        remembered_as(&text(number))
    }

    fn remembered_as(text: &str) -> Remembered {
        let peppers = Peppers::new(vec![Pepper::new(&[7; 32]).unwrap()]).unwrap();
        let key = Key::held_by_host(None, quash_core::Algorithm::Es256, quash_core::HostKey(1));
        let issuer = Issuer::new("a", std::time::Duration::from_secs(1000));
        let issuers = Issuers::new(vec![(issuer, vec![key])], &peppers).unwrap();
        let Ok(Verification::Ask(check)) = issuers.verify(UnverifiedToken::parse(text).unwrap()) else { panic!() };
        let token = check.answer(true).unwrap().validate(Timestamp::from_secs(1)).unwrap();
        let ids = Arc::new(token.ids());
        Remembered::new(text, token, ids)
    }

    #[test]
    fn a_token_is_found_by_all_of_its_text_until_it_dies() {
        let mut memory = TokenMemory::default();
        memory.insert(remembered(1));
        let alive = Timestamp::from_secs(1029);
        assert!(memory.get(&text(1), alive).is_some());
        // The same end, and so the same set.
        let other = text(1).replacen("eyJh", "eyJi", 1);
        assert!(memory.get(&other, alive).is_none());
        assert!(memory.get(&text(1)[1..], alive).is_none());
        // `exp`, and a leeway of 30 s.
        assert!(memory.get(&text(1), Timestamp::from_secs(1030)).is_none());
        assert_eq!(memory.bytes, 0);
        memory.insert(remembered(1));
        memory.clear();
        assert!(memory.get(&text(1), alive).is_none());
    }

    #[test]
    fn stays_bounded() {
        let mut memory = TokenMemory::default();
        for number in 0..20_000 {
            memory.insert(remembered(number));
        }
        let kept = memory.sets.iter().flatten().filter_map(|place| place.token.as_deref());
        assert_eq!(kept.clone().map(|kept| kept.bytes()).sum::<usize>(), memory.bytes);
        assert!(memory.bytes <= MAX_BYTES && kept.count() <= SETS * WAYS);
        assert!(memory.get(&text(19_999), Timestamp::from_secs(1)).is_some(), "the last is there");
    }

    #[test]
    fn what_a_token_takes_is_counted_and_not_how_long_it_is() {
        let claims = |list: &str| {
            let json = format!(r#"{{"iss":"a","iat":0,"exp":1000,"list":[{list}]}}"#);
            remembered_as(&format!("{HEADER}.{}.AAAA", BASE64_URL_SAFE_NO_PAD.encode(json)))
        };
        // Of a thousand values each takes a node; a string of the same length is one.
        let (many, one) = (claims(&format!("1{}", ",1".repeat(999))), claims(&format!(r#""{}""#, "1".repeat(1997))));
        assert_eq!(many.text.len(), one.text.len());
        assert!(many.bytes() > one.bytes() + 20_000, "{} and {}", many.bytes(), one.bytes());
    }

    #[test]
    fn only_what_comes_again_is_let_in() {
        let mut memory = TokenMemory::default();
        assert!(!memory.came_before(&text(1)));
        assert!(memory.came_before(&text(1)));
        let strangers = (0..10_000).filter(|number| memory.came_before(&text(1_000_000 + number))).count();
        assert!(strangers < 10, "{strangers} of 10000 pass for others");
    }
}
