/// A number as it is written. It is read digit by digit by whoever wants a count or a date: exactly, and without the tables that
/// reading a floating-point number takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<'d>(pub(super) &'d str);

/// The most digits before the point: more do not fit what nearly every reader of JSON makes of a number, a double (RFC 8259
/// section 6).
const MAX_WHOLE_DIGITS: i32 = 308;

impl<'d> Number<'d> {
    /// The number as it is written.
    pub const fn text(self) -> &'d str {
        self.0
    }

    /// The number, if it is whole, not negative, and fits.
    pub fn whole(self) -> Option<u64> {
        self.shifted(0).and_then(|(number, is_whole)| is_whole.then_some(number))
    }

    /// How many thousandths it is, without what is less than one; `None` when it is negative or does not fit.
    pub fn thousandths(self) -> Option<u64> {
        self.shifted(3).map(|(number, _)| number)
    }

    pub(super) fn is_too_large(self) -> bool {
        self.parts().1 > MAX_WHOLE_DIGITS
    }

    /// The whole part of the number when its point has been moved to the right by `places`, and whether that is all.
    fn shifted(self, places: i32) -> Option<(u64, bool)> {
        let (digits, before_point) = self.parts();
        let mut before_point = before_point.saturating_add(places);
        let (mut whole, mut is_all) = (0_u64, true);
        for digit in digits.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0') {
            if before_point > 0 {
                whole = with_digit(whole, digit)?;
                before_point -= 1;
            } else {
                is_all &= digit == 0;
            }
        }
        while before_point > 0 && whole > 0 {
            whole = with_digit(whole, 0)?;
            before_point -= 1;
        }
        let is_negative = self.0.starts_with('-') && (whole > 0 || !is_all);
        (!is_negative).then_some((whole, is_all))
    }

    /// The digits, some of whose bytes are a sign and a point, and how many of them stand before the point once it has been moved as
    /// the exponent says.
    fn parts(self) -> (&'d [u8], i32) {
        let text = self.0.as_bytes();
        let mut parts = text.splitn(2, |byte| matches!(byte, b'e' | b'E'));
        let (digits, exponent) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let before_point = digits.iter().take_while(|byte| **byte != b'.').filter(|byte| byte.is_ascii_digit()).count();
        let magnitude = exponent.iter().filter(|byte| byte.is_ascii_digit());
        let magnitude =
            magnitude.fold(0_i32, |value, byte| value.saturating_mul(10).saturating_add((byte - b'0').into()));
        let exponent = if exponent.starts_with(b"-") { -magnitude } else { magnitude };
        (digits, exponent.saturating_add(before_point as i32))
    }
}

/// Not `checked_mul`, which multiplies to 128 bits in wasm. The last few numbers of 64 bits are nobody's.
fn with_digit(number: u64, digit: u8) -> Option<u64> {
    (number < u64::MAX / 10).then(|| number * 10 + u64::from(digit))
}

#[cfg(test)]
mod tests {
    use std::{format, string::String};

    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn is_read_exactly() {
        for (text, whole, thousandths) in [
            ("0", Some(0), Some(0)),
            ("-0.0e7", Some(0), Some(0)),
            ("900", Some(900), Some(900_000)),
            ("9e2", Some(900), Some(900_000)),
            ("90000E-2", Some(900), Some(900_000)),
            ("1.001", None, Some(1001)),
            ("1.0019", None, Some(1001)),
            ("1.0019e+3", None, Some(1_001_900)),
            ("0.05", None, Some(50)),
            ("1e-400", None, Some(0)),
            ("-1e-400", None, None),
            ("-1", None, None),
            ("18446744073709551609", Some(18_446_744_073_709_551_609), None),
            ("18446744073709551610", None, None),
            ("0e99999999999", Some(0), Some(0)),
            ("1e20", None, None),
            ("0.00000000000000000001e20", Some(1), Some(1000)),
        ] {
            assert_eq!((Number(text).whole(), Number(text).thousandths()), (whole, thousandths), "{text}");
        }
    }

    proptest! {
        /// Where a double is exact, this is that double; elsewhere no more than its error away.
        #[test]
        fn is_what_a_double_is(text in "-?(0|[1-9][0-9]{0,7})(\\.[0-9]{1,5})?([eE][+-]?[0-3])?") {
            let double: f64 = text.parse().unwrap();
            let expected = (double * 1000.0).floor();
            match Number(&text).thousandths() {
                Some(thousandths) => prop_assert!((thousandths as f64 - expected).abs() <= 1.0),
                None => prop_assert!(double < 0.0),
            }
            let is_whole = double >= 0.0 && double.fract() == 0.0;
            prop_assert_eq!(Number(&text).whole(), is_whole.then_some(double as u64));
        }

        #[test]
        fn takes_no_number_that_is_no_double(text in "[1-9][0-9]{0,3}(\\.[0-9]{1,4})?[eE]\\+?(30[0-9]|[0-9]{4,12})") {
            let double: f64 = text.parse().unwrap();
            prop_assert!(double.is_finite() || Number(&text).is_too_large());
        }

        #[test]
        fn the_point_may_be_anywhere(number in any::<u32>(), zeros in 0..20_usize, places in 0..20_usize) {
            let digits = format!("{number}{}", "0".repeat(zeros + places));
            let text = format!("{}.{}e-{zeros}", &digits[..digits.len() - places], &digits[digits.len() - places..]);
            let text: String = if places == 0 { text.replace('.', "") } else { text };
            prop_assert_eq!(Number(&text).whole(), Some(number.into()));
        }
    }
}
