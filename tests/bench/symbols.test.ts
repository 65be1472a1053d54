/** Symbols of real modules, and for what those lack the examples of the mangling's own specification. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { crateOf } from './symbols.ts';

const OLDER = {
  _ZN4core3fmt5write17h0123456789abcdefE: 'core',
  '_ZN10quash_edge5guard5Guard6verify28_$u7b$$u7b$closure$u7d$$u7d$17hf27807332f07c3b8E': 'quash_edge',
  // An `impl` by its module.
  '_ZN10quash_core10validation57_$LT$impl$u20$quash_core..verification..VerifiedToken$GT$8validate17h60f684a677095b4dE': 'quash_core',
  // A generic function is not of the crate that it is used for.
  '_ZN4core3ptr66drop_in_place$LT$alloc..rc..Rc$LT$quash_edge..quash..Quash$GT$$GT$17h125d68eff3cb4417E': 'core',
  // The type's crate has the `impl` of another's trait,
  '_ZN63_$LT$quash_edge..error..Error$u20$as$u20$core..fmt..Display$GT$3fmt17hb8dd710a8a82d906E': 'quash_edge',
  '_ZN97_$LT$serde_path_to_error..de..TrackedSeed$LT$X$GT$$u20$as$u20$serde_core..de..DeserializeSeed$GT$11deserialize17h335377edaebef79bE':
    'serde_path_to_error',
  // the trait's crate that for a type of the standard library, which may itself have an `as` in it,
  '_ZN75_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$serde_core..de..Deserialize$GT$11deserialize17h0123456789abcdefE': 'serde_core',
  '_ZN88_$LT$$LT$T$u20$as$u20$core..ops..Deref$GT$..Target$u20$as$u20$serde_core..ser..Serialize$GT$9serialize17h0123456789abcdefE':
    'serde_core',
  // and only the standard library one for both.
  '_ZN42_$LT$$RF$T$u20$as$u20$core..fmt..Debug$GT$3fmt17hb3bc6a1c4f503abcE': 'core',
  '_ZN59_$LT$$RF$quash_core..id..Id$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE': 'quash_core',
  // Without an underscore before the brackets, and with a suffix of wasm-opt's.
  '_ZN57_$LT$worker..error..Error$u20$as$u20$core..fmt..Debug$GT$3fmt17hf31596f42190560bE.1004': 'worker',
};

const NEWER = {
  _RNvNtCsgXGp5Oqx2Ny_4core3str16slice_error_fail: 'core',
  _RNvCsfLfy6EI15iL_7___rustc13___rdl_realloc: '__rustc',
  // `impl` blocks have their own path.
  _RNvMs0_NtCsjqx8TIyZbP9_8dlmalloc8dlmallocINtB5_8DlmallocNtNtB7_3sys6SystemE6mallocCsebHcaeoSrxy_3std: 'dlmalloc',
  _RNvMNtNtCsgXGp5Oqx2Ny_4core4char7methodsc16escape_debug_ext: 'core',
  _RNvXsh_NtCsgXGp5Oqx2Ny_4core3fmteNtB5_5Debug3fmt: 'core',
  '_RNvMsa_NtCs86o9dxWySvj_9hashbrown3rawNtB5_13RawTableInner15rehash_in_place.463': 'hashbrown',
  // The path of a trait's own method comes after a type of any kind.
  _RNvYNtC4type3FooNtC5trait3Bar3baz: 'trait',
  _RNvYTRL0_aAhj8_SmPzOxFUKCmlEuDNtC4core4Sendp6OutputjEL_ENtC5trait3Bar3baz: 'trait',
  // Generic arguments do not count, and neither does the crate that asked for the instance.
  _RINvNtC4core3ptr13drop_in_placeNtC4mine5ThingKj8_L_EC4mine: 'core',
  // A closure in a method of a crate that is referred to.
  _RNCNvXC7mycrateNtB4_3FooNtC5trait3Bar3baz0B4_: 'mycrate',
  // Bytes that are not ASCII, and an underscore before a name that begins with a digit.
  _RNvCs1_7mycrateu8gdel_5qa: 'mycrate',
};

const NO_RUST = ['fetch', '__wbindgen_malloc', 'memcmp', '', '_ZN', '_R', '_RNvB_3abc', '_RNvBz_3abc', '_RNvC9core', '_RNvYzC', '_ZNSt6vectorE'];

describe('the crate of a symbol', () => {
  for (const [mangling, symbols] of Object.entries({ OLDER, NEWER })) {
    for (const [symbol, crate] of Object.entries(symbols)) {
      it(`${mangling.toLowerCase()}: ${symbol}`, () => assert.equal(crateOf(symbol), crate));
    }
  }

  it('has none where it is not one of Rust, or broken', () => {
    for (const symbol of NO_RUST) assert.equal(crateOf(symbol), undefined, symbol);
  });
});
