//! Instead of `std`, whose allocator and panic messages would add a quarter to what people download (3.5 KB of brotli).
#![allow(unsafe_code, reason = "an allocator is one")]

use core::{
    alloc::{GlobalAlloc, Layout},
    arch::wasm32,
    cell::Cell,
    panic::PanicInfo,
};

/// WebAssembly's page, in bytes.
const PAGE: usize = 1 << 16;

/// Hands out blocks whose sizes are powers of two, each aligned to its size, and keeps freed ones in a list for each size.
struct Blocks {
    /// By the logarithm of the size: the address of the first free block, which holds the address of the next. 0 ends a list.
    free: [Cell<usize>; usize::BITS as usize],
    /// Where memory begins that was never handed out, and where it ends.
    fresh: Cell<usize>,
    end: Cell<usize>,
}

#[global_allocator]
static BLOCKS: Blocks =
    Blocks { free: [const { Cell::new(0) }; usize::BITS as usize], fresh: Cell::new(0), end: Cell::new(0) };

// SAFETY: this target has one thread (`atomics` is not among its features).
unsafe impl Sync for Blocks {}

// SAFETY: a block is in one hand or one list, never both; `block_size` makes it as large and as aligned as any layout of its
// list asks for, and large enough for an address.
unsafe impl GlobalAlloc for Blocks {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = block_size(layout);
        let list = self.list(size);
        let first = list.get();
        if first == 0 {
            return self.grow(size).map_or(core::ptr::null_mut(), |at| at as *mut u8);
        }
        // SAFETY: `dealloc` put an address there.
        list.set(unsafe { *(first as *const usize) });
        first as *mut u8
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        let list = self.list(block_size(layout));
        // SAFETY: the block is ours again, aligned, and large enough.
        unsafe { *at.cast::<usize>() = list.get() };
        list.set(at as usize);
    }
}

impl Blocks {
    fn list(&self, size: usize) -> &Cell<usize> {
        // No size is 0. The remainder says so to the compiler, which then has no message about it to ship.
        &self.free[(size.trailing_zeros() % usize::BITS) as usize]
    }

    /// A block of memory that was never handed out, if there is any left.
    fn grow(&self, size: usize) -> Option<usize> {
        if self.end.get() == 0 {
            let end = wasm32::memory_size::<0>() * PAGE;
            self.fresh.set(end);
            self.end.set(end);
        }
        let at = self.fresh.get().checked_next_multiple_of(size)?;
        let fresh = at.checked_add(size)?;
        let end = self.end.get();
        if fresh > end {
            let pages = (fresh - end).div_ceil(PAGE);
            if wasm32::memory_grow::<0>(pages) == usize::MAX {
                return None;
            }
            self.end.set(end + pages * PAGE);
        }
        self.fresh.set(fresh);
        Some(at)
    }
}

/// A `Layout`'s size is at most `isize::MAX`, so the next power of two exists.
fn block_size(layout: Layout) -> usize {
    layout.size().max(layout.align()).max(size_of::<usize>()).next_power_of_two()
}

// Nothing here panics on purpose, and nobody would read the message: the trap makes the npm package fall back.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    wasm32::unreachable()
}
