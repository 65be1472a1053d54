/// What an export leaves for the host: 32-bit words, in this order. Texts are UTF-8, at an address in memory that holds until
/// the next call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Registers {
    pub(crate) text: Span,
    /// What is signed.
    pub(crate) signing_input: Span,
    pub(crate) signature: Span,
    /// Which request, or which document, to go on with.
    pub(crate) pending: u32,
    /// Which key to check with.
    pub(crate) key: u32,
    /// Which header the token is in: 1 for `Authorization`, 2 for `Cookie`, 0 for none.
    pub(crate) source: u32,
    /// Where it starts there, and how long it is, in bytes.
    pub(crate) token_start: u32,
    pub(crate) token_length: u32,
    /// How many seconds the document may be kept in the data centre's cache.
    pub(crate) lifetime: u32,
    /// After how many milliseconds to begin again.
    pub(crate) pause: u32,
}

/// An address and a length in bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    start: u32,
    length: u32,
}

impl Span {
    const EMPTY: Self = Self { start: 0, length: 0 };

    pub(crate) fn of(bytes: &[u8]) -> Self {
        // In wasm an address has 32 bits.
        Self { start: bytes.as_ptr() as usize as u32, length: bytes.len() as u32 }
    }
}

impl Registers {
    pub(crate) const EMPTY: Self = Self {
        text: Span::EMPTY,
        signing_input: Span::EMPTY,
        signature: Span::EMPTY,
        pending: 0,
        key: 0,
        source: 0,
        token_start: 0,
        token_length: 0,
        lifetime: 0,
        pause: 0,
    };
}
